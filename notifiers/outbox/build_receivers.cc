// SPDX-License-Identifier: Apache-2.0
// Receivers from a configuration: the only place of this room that needs the channel table.
#include <fmt/format.h>

#include "notifiers/outbox/receivers.h"
#include "storage/base/text.h"

namespace outrider {

StatusOr<std::shared_ptr<const Receivers>> Receivers::Build(const AlertmanagerConfig& config,
                                                            const ChannelTools& tools) {
  std::vector<Receiver> receivers;
  for (const ReceiverConfig& section : config.receivers) {
    Receiver receiver;
    receiver.name = section.name;
    for (const IntegrationConfig& integration : section.integrations) {
      StatusOr<Integration> built = MakeIntegration(integration, config, &tools);
      if (!built.ok()) {
        return Annotate(built.status(), fmt::format("receiver {}, {}[{}]", Quote(section.name),
                                                    integration.kind, integration.index));
      }
      receiver.integrations.push_back(*std::move(built));
    }
    receivers.push_back(std::move(receiver));
  }
  return std::make_shared<const Receivers>(std::move(receivers));
}

}  // namespace outrider
