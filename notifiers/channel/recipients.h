// SPDX-License-Identifier: Apache-2.0
// Who of a mail's recipients is settled: has it, or was refused for good. A repeat goes to the
// others only, so that one bad address neither blocks the rest nor brings them the mail again.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace outrider {

// Kept in memory, for the newest messages: after a crash the whole mail is repeated with the same
// Message-ID. Thread-safe.
class Recipients {
 public:
  explicit Recipients(size_t messages = 1000) : limit_(messages) {}

  // Those of `all` that message `key` must still go to.
  std::vector<std::string> Open(const std::string& key, const std::vector<std::string>& all) const;
  // `taken`: they have it.
  void Settle(const std::string& key, const std::vector<std::string>& addresses, bool taken);
  // Who was refused for good, in words: told again when the message is delivered to the others.
  void Remember(const std::string& key, const std::vector<std::string>& refused);
  std::vector<std::string> Refused(const std::string& key) const;
  // Whether somebody has the message.
  bool AnyTaken(const std::string& key) const;
  void Forget(const std::string& key);

 private:
  struct Message {
    std::set<std::string> settled;
    std::vector<std::string> refused;
    bool taken = false;
  };
  const size_t limit_;
  mutable absl::Mutex mutex_;
  std::map<std::string, Message> messages_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::string> order_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace outrider
