// SPDX-License-Identifier: Apache-2.0
// How many tests of receivers run at once: each holds a thread of the server for as long as its
// target takes, and alerts come in by the same threads.
#pragma once

#include <memory>
#include <semaphore>

namespace outrider {

// Thread-safe.
class TestGate {
 public:
  static constexpr int kMost = 16;

  // Lets the next one in when it goes.
  using Pass = std::unique_ptr<TestGate, void (*)(TestGate*)>;
  // nullptr: so many are inside. The gate outlives it.
  Pass Enter() {
    const auto leave = [](TestGate* gate) { gate->free_.release(); };
    return {free_.try_acquire() ? this : nullptr, leave};
  }

 private:
  std::counting_semaphore<kMost> free_{kMost};
};

}  // namespace outrider
