// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/recipients.h"

namespace outrider {

std::vector<std::string> Recipients::Open(const std::string& key,
                                          const std::vector<std::string>& all) const {
  const absl::MutexLock lock(&mutex_);
  const auto found = messages_.find(key);
  if (found == messages_.end()) return all;
  std::vector<std::string> open;
  for (const std::string& address : all) {
    if (!found->second.settled.contains(address)) open.push_back(address);
  }
  return open;
}

void Recipients::Settle(const std::string& key, const std::vector<std::string>& addresses,
                        bool taken) {
  const absl::MutexLock lock(&mutex_);
  const auto [row, added] = messages_.try_emplace(key);
  row->second.settled.insert(addresses.begin(), addresses.end());
  row->second.taken = row->second.taken || (taken && !addresses.empty());
  if (added) order_.push_back(key);
  while (order_.size() > limit_) {
    messages_.erase(order_.front());
    order_.pop_front();
  }
}

void Recipients::Remember(const std::string& key, const std::vector<std::string>& refused) {
  const absl::MutexLock lock(&mutex_);
  const auto found = messages_.find(key);
  if (found == messages_.end()) return;
  std::vector<std::string>& known = found->second.refused;
  known.insert(known.end(), refused.begin(), refused.end());
}

std::vector<std::string> Recipients::Refused(const std::string& key) const {
  const absl::MutexLock lock(&mutex_);
  const auto found = messages_.find(key);
  return found == messages_.end() ? std::vector<std::string>() : found->second.refused;
}

bool Recipients::AnyTaken(const std::string& key) const {
  const absl::MutexLock lock(&mutex_);
  const auto found = messages_.find(key);
  return found != messages_.end() && found->second.taken;
}

void Recipients::Forget(const std::string& key) {
  const absl::MutexLock lock(&mutex_);
  messages_.erase(key);
  std::erase(order_, key);
}

}  // namespace outrider
