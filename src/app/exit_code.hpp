#pragma once

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

}  // namespace warren::app
