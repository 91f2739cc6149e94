// SPDX-License-Identifier: Apache-2.0
// The only place that constructs the machine's clock and randomness.

#include <malloc.h>

#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "exporter/cli/command_line.h"
#include "exporter/cli/empty_values.h"
#include "storage/base/clock.h"
#include "storage/base/random.h"

int main(int argc, char** argv) {
  // A big answer must not stay resident: its arrays go back to the kernel at once, and few arenas
  // keep the rest together. exporter/daemon/maintenance.cc trims them from time to time.
  // NOLINTBEGIN(concurrency-mt-unsafe): no other thread runs yet.
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  mallopt(M_TRIM_THRESHOLD, 2 << 20);
  // NOLINTEND(concurrency-mt-unsafe)
  // Debian's Abseil looks for lock cycles at every lock, behind one lock of its own: for tests
  // only.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  const outrider::SystemClock clock;
  outrider::SystemRandom random;
  std::vector<std::string> words = outrider::SplitEmptyValues({argv, argv + argc});
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  return outrider::RunCommandLine(static_cast<int>(words.size()), arguments.data(),
                                  {clock, random});
}
