// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/world.h"

#include <fmt/format.h>

#include <algorithm>

namespace outrider::sim {
namespace {

class FakeChannel final : public Channel {
 public:
  FakeChannel(World& world, std::string target, bool idempotent)
      : world_(world), target_(std::move(target)), idempotent_(idempotent) {}
  SendResult Send(const Notification& notification) override {
    return world_.Receive(target_, idempotent_, notification);
  }
  bool Idempotent() const override { return idempotent_; }

 private:
  World& world_;
  std::string target_;
  bool idempotent_;
};

Integration MakeFake(World& world, const std::string& receiver, const std::string& kind,
                     bool idempotent) {
  Integration integration;
  integration.kind = kind;
  integration.channel =
      std::make_unique<FakeChannel>(world, fmt::format("{}/{}[0]", receiver, kind), idempotent);
  return integration;
}

std::string Describe(const Notification& notification) {
  std::vector<std::string> parts;
  parts.reserve(notification.alerts.size());
  for (const Alert& alert : notification.alerts) {
    parts.push_back(fmt::format("{}{}", alert.labels.Get(kAlertName),
                                alert.ResolvedAt(notification.now) ? "-" : "+"));
  }
  std::sort(parts.begin(), parts.end());
  std::string text;
  for (const std::string& part : parts) text += part + " ";
  return text;
}

}  // namespace

std::string Arrival::Text() const {
  return fmt::format("{} {} {}{}", target, incident_id.empty() ? "route" : "page",
                     resolved ? "RESOLVED " : "", alerts);
}

SendResult World::Receive(const std::string& target, bool idempotent,
                          const Notification& notification) {
  if (!alive_()) return SendResult::Retry("dead", "other");
  const Nanos now = clock_.NowNanos();
  for (const Outage& outage : outages_) {
    if (outage.target == target && now >= outage.from && now < outage.to) {
      return SendResult::Retry("HTTP 503", "serverError");
    }
  }
  if (idempotent && !keys_.insert(notification.idempotency_key).second)
    return SendResult::Delivered();
  Arrival arrival;
  arrival.order = ++order_;
  arrival.time = now;
  arrival.target = target;
  arrival.idempotent = idempotent;
  arrival.key = notification.idempotency_key;
  arrival.repeat = notification.repeat;
  arrival.resolved = notification.resolved;
  arrival.incident_id = notification.incident_id;
  arrival.alerts = Describe(notification);
  if (!arrival.incident_id.empty() && !arrival.resolved &&
      acknowledged_.contains(arrival.incident_id)) {
    violations_.push_back(fmt::format("page after acknowledgement: {}", arrival.Text()));
  }
  arrivals_.push_back(std::move(arrival));
  return SendResult::Delivered();
}

std::shared_ptr<const Receivers> MakeReceivers(World& world) {
  std::vector<Receiver> receivers(3);
  receivers[0].name = "team";
  receivers[0].integrations.push_back(MakeFake(world, "team", "webhook", true));
  receivers[0].integrations.push_back(MakeFake(world, "team", "email", false));
  receivers[1].name = "pager";
  receivers[1].integrations.push_back(MakeFake(world, "pager", "sms", false));
  receivers[2].name = "boss";
  receivers[2].integrations.push_back(MakeFake(world, "boss", "webhook", true));
  return std::make_shared<const Receivers>(std::move(receivers));
}

}  // namespace outrider::sim
