#pragma once

#include <array>
#include <string_view>

namespace warren::app {

/// What the program ends with; docs/guide/command-line.md tells users. After a second signal it is
/// 128 and the signal's number.
enum ExitCode : int {
    exit_success = 0,
    exit_failed = 1,          // the call failed; the check found something
    exit_usage = 2,           // the command line makes no sense
    exit_unavailable = 69,    // a module could not start            [sysexits.h EX_UNAVAILABLE]
    exit_internal = 70,       // a defect of this program's own         [sysexits.h EX_SOFTWARE]
    exit_not_drained = 75,    // ended before all requests were answered: they were requeued
    exit_configuration = 78,  // configuration or modules                   [sysexits.h EX_CONFIG]
};

struct ExitMeaning {
    std::string_view code;
    std::string_view meaning;
};

/// For man pages: what each says, of any sub-command.
inline constexpr std::array exit_meanings{
    ExitMeaning{"0", "It was done; of a server: it drained."},
    ExitMeaning{"1", "It failed: the call, or what was looked for was found to be wrong."},
    ExitMeaning{"2", "The command line makes no sense; nothing was done."},
    ExitMeaning{"69", "The start of a module failed. Trying again may help; nothing was consumed."},
    ExitMeaning{"70", "A defect of Warren's own."},
    ExitMeaning{"75", "A server ended before all requests were answered; a broker has them again."},
    ExitMeaning{"78", "The configuration or a module is wrong; nothing was consumed."},
    ExitMeaning{"130, 143", "A second SIGINT or SIGTERM."},
};

}  // namespace warren::app
