// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/recipients.h"

namespace outrider {

std::vector<std::string> Recipients::Open(const std::string& key,
                                          const std::vector<std::string>& all) const {
  const absl::MutexLock lock(&mutex_);
  const auto found = settled_.find(key);
  if (found == settled_.end()) return all;
  std::vector<std::string> open;
  for (const std::string& address : all) {
    if (!found->second.contains(address)) open.push_back(address);
  }
  return open;
}

void Recipients::Settle(const std::string& key, const std::vector<std::string>& addresses) {
  const absl::MutexLock lock(&mutex_);
  const auto [row, added] = settled_.try_emplace(key);
  row->second.insert(addresses.begin(), addresses.end());
  if (added) order_.push_back(key);
  while (order_.size() > limit_) {
    settled_.erase(order_.front());
    order_.pop_front();
  }
}

void Recipients::Forget(const std::string& key) {
  const absl::MutexLock lock(&mutex_);
  settled_.erase(key);
  std::erase(order_, key);
}

}  // namespace outrider
