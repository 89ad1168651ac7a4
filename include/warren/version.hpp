#pragma once

#define WARREN_VERSION "0.1.0"
