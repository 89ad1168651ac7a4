#pragma once

namespace warren::app {

/// Make the best of what the parent process left, first of all:
/// - standard streams that are closed are opened on nothing, so that no socket or file of ours
///   becomes one of them; reading and writing them goes on failing;
/// - writing to who has gone, or over the limit of a file's size, is an error and no end. Programs
///   that handlers start find both signals as they are by default.
void settle_in();

}  // namespace warren::app
