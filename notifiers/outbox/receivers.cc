// SPDX-License-Identifier: Apache-2.0
#include "notifiers/outbox/receivers.h"

#include <fmt/format.h>

namespace outrider {

std::string IntegrationName(const Integration& integration) {
  return fmt::format("{}[{}]", integration.kind, integration.index);
}

Receivers::Receivers(std::vector<Receiver> receivers, std::shared_ptr<const Receivers> base)
    : receivers_(std::move(receivers)), base_(std::move(base)) {
  for (size_t i = 0; i < receivers_.size(); ++i) by_name_[receivers_[i].name] = i;
}

const Receiver* Receivers::Find(std::string_view name) const {
  const auto it = by_name_.find(name);
  if (it != by_name_.end()) return &receivers_[it->second];
  return base_ == nullptr ? nullptr : base_->Find(name);
}

const Integration* Receivers::FindIntegration(std::string_view receiver,
                                              std::string_view integration) const {
  const Receiver* found = Find(receiver);
  if (found == nullptr) return nullptr;
  for (const Integration& candidate : found->integrations) {
    if (IntegrationName(candidate) == integration) return &candidate;
  }
  return nullptr;
}

}  // namespace outrider
