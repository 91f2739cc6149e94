// SPDX-License-Identifier: Apache-2.0
#include "exporter/access/password_checker.h"

#include <utility>

#include "exporter/access/secret_text.h"
#include "storage/base/crypto.h"

namespace outrider {

PasswordChecker::PasswordChecker(Random& random, Check check)
    : secret_(RandomSecret(random)), check_(std::move(check)) {}

std::string PasswordChecker::KeyOf(const std::string& name, const std::string& password,
                                   const std::string& hash) const {
  // The hash has a fixed length and a name no colon, so that no two triples read the same.
  return HmacSha256(secret_, hash + ':' + name + ':' + password);
}

std::optional<bool> PasswordChecker::Known(const std::string& name, const std::string& password,
                                           const std::string& hash) const {
  const std::string key = KeyOf(name, password, hash);
  const absl::MutexLock lock(&mutex_);
  const auto found = verdicts_.find(key);
  if (found == verdicts_.end()) return std::nullopt;
  return found->second;
}

void PasswordChecker::Remember(const std::string& key, bool right) {
  if (!verdicts_.emplace(key, right).second) return;
  std::deque<std::string>& order = right ? right_ : wrong_;
  order.push_back(key);
  if (order.size() <= kRemembered) return;
  verdicts_.erase(order.front());
  order.pop_front();
}

PasswordChecker::Verdict PasswordChecker::Ask(const std::string& name, const std::string& password,
                                              const std::string& hash) {
  const std::string key = KeyOf(name, password, hash);
  {
    const absl::MutexLock lock(&mutex_);
    if (const auto found = verdicts_.find(key); found != verdicts_.end()) {
      return found->second ? Verdict::kRight : Verdict::kWrong;
    }
    if (waiting_ >= kWaiting) return Verdict::kBusy;
    ++waiting_;
    const auto room = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return running_ < kAtOnce; };
    mutex_.Await(absl::Condition(&room));
    --waiting_;
    // Whoever had the same question may have learned it while we waited.
    if (const auto found = verdicts_.find(key); found != verdicts_.end()) {
      return found->second ? Verdict::kRight : Verdict::kWrong;
    }
    ++running_;
  }
  const bool right = check_(password, hash);
  const absl::MutexLock lock(&mutex_);
  --running_;
  Remember(key, right);
  return right ? Verdict::kRight : Verdict::kWrong;
}

void PasswordChecker::Forget() {
  const absl::MutexLock lock(&mutex_);
  verdicts_.clear();
  right_.clear();
  wrong_.clear();
}

}  // namespace outrider
