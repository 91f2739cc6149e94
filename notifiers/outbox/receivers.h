// SPDX-License-Identifier: Apache-2.0
// The built receivers of one configuration: names and their channels. Immutable; a reload builds a
// new set.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "notifiers/channel/channel.h"
#include "notifiers/config/alertmanager_config.h"
#include "storage/base/hash.h"

namespace outrider {

struct Receiver {
  std::string name;
  std::vector<Integration> integrations;
};

// "webhook[0]": an integration's name within its receiver.
std::string IntegrationName(const Integration& integration);

class Receivers {
 public:
  // Those of `base` are found behind its own.
  explicit Receivers(std::vector<Receiver> receivers,
                     std::shared_ptr<const Receivers> base = nullptr);
  // Builds every integration of the file; the error names receiver and integration.
  static StatusOr<std::shared_ptr<const Receivers>> Build(const AlertmanagerConfig& config,
                                                          const ChannelTools& tools);

  const Receiver* Find(std::string_view name) const;
  const Integration* FindIntegration(std::string_view receiver, std::string_view integration) const;
  const std::vector<Receiver>& all() const { return receivers_; }  // without those of `base`
  const std::shared_ptr<const Receivers>& base() const { return base_; }

 private:
  std::vector<Receiver> receivers_;
  StringMap<size_t> by_name_;
  std::shared_ptr<const Receivers> base_;
};

}  // namespace outrider
