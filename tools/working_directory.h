// `bazel run` starts a program in its runfiles; a person who typed a relative path meant the folder they were in.
#pragma once

namespace quoin::tools {

// Changes to the folder in which `bazel run` was typed ($BUILD_WORKING_DIRECTORY), when there is one. Says on stderr
// when that folder can't be entered, and goes on where it is. Call it before flags are parsed: --flagfile is a path
// too.
void EnterWorkingDirectory();

}  // namespace quoin::tools
