// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/signals.h"

#include <pthread.h>

#include <cerrno>
#include <csignal>
#include <ctime>

namespace outrider {
namespace {

sigset_t Waited() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  return set;
}

}  // namespace

SignalWaiter::SignalWaiter() {
  const sigset_t set = Waited();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(
      SIGPIPE,
      SIG_IGN);  // a peer that hangs up is an error of that write, not the end of the process
}

Signal SignalWaiter::Wait(DurationMs timeout) const {
  const sigset_t set = Waited();
  while (true) {
    int signal = 0;
    if (timeout > 0) {
      const timespec wait{timeout / kSecond, timeout % kSecond * kNanosPerMilli};
      signal = sigtimedwait(&set, nullptr, &wait);
      if (signal < 0 && errno == EAGAIN) return Signal::kTimeout;
    } else {
      sigwait(&set, &signal);
    }
    if (signal == SIGHUP) return Signal::kReload;
    if (signal == SIGINT || signal == SIGTERM) return Signal::kStop;
  }
}

}  // namespace outrider
