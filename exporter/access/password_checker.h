// SPDX-License-Identifier: Apache-2.0
// Checks passwords without letting them take the machine: verdicts are remembered, and few checks
// run at a time, so that threads that answer remote write are not all hashing.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "storage/base/random.h"

namespace outrider {

// Thread-safe. What is remembered is an HMAC of name, hash and password under a key of this
// process: neither can be read from memory's dump without hashing.
class PasswordChecker {
 public:
  using Check = std::function<bool(const std::string& password, const std::string& hash)>;
  enum class Verdict { kRight, kWrong, kBusy };  // kBusy: too many wait already

  static constexpr int kAtOnce = 2;
  static constexpr int kWaiting = 16;
  static constexpr size_t kRemembered = 1024;  // of each verdict; the oldest go first

  PasswordChecker(Random& random, Check check);

  // What is known without hashing.
  std::optional<bool> Known(const std::string& name, const std::string& password,
                            const std::string& hash) const;
  // Hashes, unless it is known.
  Verdict Ask(const std::string& name, const std::string& password, const std::string& hash);
  void Forget();

 private:
  std::string KeyOf(const std::string& name, const std::string& password,
                    const std::string& hash) const;
  void Remember(const std::string& key, bool right) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string secret_;
  const Check check_;
  mutable absl::Mutex mutex_;
  std::map<std::string, bool, std::less<>> verdicts_ ABSL_GUARDED_BY(mutex_);
  // Oldest first; right ones apart, so that guesses do not push them out.
  std::deque<std::string> right_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::string> wrong_ ABSL_GUARDED_BY(mutex_);
  int running_ ABSL_GUARDED_BY(mutex_) = 0;
  int waiting_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace outrider
