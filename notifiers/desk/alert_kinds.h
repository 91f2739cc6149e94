// SPDX-License-Identifier: Apache-2.0
// How many alerts there are by name and severity. Most have one of a few of these: no text is made
// for an alert of a kind that was seen before.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/base/hash.h"
#include "storage/model/labels.h"

namespace outrider {

// A value; thread-compatible.
class AlertKinds {
 public:
  void Add(const Labels& alert);
  void Remove(const Labels& alert);  // which was added
  // Calls `visit(name, severity, count)` for each kind there is, in no order.
  template <typename Visit>
  void ForEach(Visit&& visit) const {
    for (const auto& [key, kind] : kinds_) visit(kind.name, kind.severity, kind.alerts);
  }

 private:
  struct Kind {
    std::string name;
    std::string severity;
    uint64_t alerts = 0;
  };
  // Of both texts; valid until the next call.
  std::string_view KeyOf(std::string_view name, std::string_view severity);

  std::string key_;
  StringMap<Kind> kinds_;
};

}  // namespace outrider
