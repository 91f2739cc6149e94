// SPDX-License-Identifier: Apache-2.0
// Sessions of browsers: in memory, gone with the process. The cookie holds a secret, the table its
// SHA-256.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "storage/base/clock.h"
#include "storage/base/random.h"

namespace outrider {

struct Session {
  std::string user;
  std::string password_hash;  // of the user when it began: another password ends it
  Nanos expires_at = 0;
};

// Thread-safe.
class Sessions {
 public:
  static constexpr size_t kMost = 10'000;  // those that end first go first

  explicit Sessions(Random& random) : random_(random) {}
  // Returns the secret.
  std::string Begin(Session session, Nanos now) ABSL_LOCKS_EXCLUDED(mutex_);
  std::optional<Session> Find(const std::string& secret, Nanos now) const
      ABSL_LOCKS_EXCLUDED(mutex_);
  void End(const std::string& secret) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  Random& random_;
  mutable absl::Mutex mutex_;
  std::map<std::string, Session> sessions_ ABSL_GUARDED_BY(mutex_);  // by hash of the secret
};

}  // namespace outrider
