#pragma once

#include "app/command_table.hpp"

#include <string>

namespace warren::app {

/// Manual pages in the language of man(7).
/// in  program: with everything below it
std::string program_man_page(const CommandRow& program);
/// in  command: right below the program; what is below that is on its page
std::string command_man_page(const CommandRow& command);

}  // namespace warren::app
