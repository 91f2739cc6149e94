// SPDX-License-Identifier: Apache-2.0
// The only place that constructs the machine's clock and randomness.
#include "exporter/cli/command_line.h"
#include "storage/base/clock.h"
#include "storage/base/random.h"

int main(int argc, char** argv) {
  const outrider::SystemClock clock;
  outrider::SystemRandom random;
  return outrider::RunCommandLine(argc, argv, {clock, random});
}
