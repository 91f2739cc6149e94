// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/alert_kinds.h"

namespace outrider {
namespace {

constexpr std::string_view kSeverity = "severity";

}  // namespace

std::string_view AlertKinds::KeyOf(std::string_view name, std::string_view severity) {
  const auto size = static_cast<uint32_t>(name.size());
  key_.assign(reinterpret_cast<const char*>(&size), sizeof size);
  return key_.append(name).append(severity);
}

void AlertKinds::Add(const Labels& alert) {
  const std::string_view name = alert.Get(kAlertName);
  const std::string_view severity = alert.Get(kSeverity);
  const auto found = kinds_.find(KeyOf(name, severity));
  if (found != kinds_.end()) {
    ++found->second.alerts;
  } else {
    kinds_.emplace(key_, Kind{std::string(name), std::string(severity), 1});
  }
}

void AlertKinds::Remove(const Labels& alert) {
  const auto found = kinds_.find(KeyOf(alert.Get(kAlertName), alert.Get(kSeverity)));
  if (found != kinds_.end() && --found->second.alerts == 0) kinds_.erase(found);
}

}  // namespace outrider
