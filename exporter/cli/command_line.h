// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "exporter/cli/commands.h"

namespace outrider {

// Parses the arguments and runs the command; returns the exit code.
int RunCommandLine(int argc, char** argv, const Environment& env);

}  // namespace outrider
