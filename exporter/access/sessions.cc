// SPDX-License-Identifier: Apache-2.0
#include "exporter/access/sessions.h"

#include <algorithm>
#include <utility>

#include "exporter/access/secret_text.h"
#include "storage/base/crypto.h"

namespace outrider {

std::string Sessions::Begin(Session session, Nanos now) {
  std::string secret = RandomSecret(random_);
  const absl::MutexLock lock(&mutex_);
  std::erase_if(sessions_, [&](const auto& entry) { return entry.second.expires_at <= now; });
  if (sessions_.size() >= kMost) {
    sessions_.erase(std::ranges::min_element(
        sessions_, {}, [](const auto& entry) { return entry.second.expires_at; }));
  }
  sessions_[Sha256(secret)] = std::move(session);
  return secret;
}

std::optional<Session> Sessions::Find(const std::string& secret, Nanos now) const {
  const absl::MutexLock lock(&mutex_);
  const auto found = sessions_.find(Sha256(secret));
  if (found == sessions_.end() || found->second.expires_at <= now) return std::nullopt;
  return found->second;
}

void Sessions::End(const std::string& secret) {
  const absl::MutexLock lock(&mutex_);
  sessions_.erase(Sha256(secret));
}

}  // namespace outrider
