// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/targets.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/config/people_config.h"

namespace outrider {
namespace {

bool Reachable(const Plan& plan, const std::string& receiver) {
  const Receiver* found = plan.receivers().Find(receiver);
  return found != nullptr && !found->integrations.empty();
}

std::vector<std::string> ReachableUsers(const Plan& plan, const std::vector<std::string>& users) {
  std::vector<std::string> receivers;
  for (const std::string& user : users) {
    std::string receiver = fmt::format("{}{}", kUserPrefix, user);
    if (Reachable(plan, receiver)) receivers.push_back(std::move(receiver));
  }
  return receivers;
}

Told OnCallOf(const Plan& plan, const std::string& name, Nanos now) {
  const std::vector<Schedule>& schedules = plan.config().schedules;
  const auto schedule = std::find_if(schedules.begin(), schedules.end(),
                                     [&](const Schedule& known) { return known.name == name; });
  if (schedule == schedules.end()) return {{}, fmt::format("there is no schedule {}", name)};
  const std::vector<std::string> users = OnCallAt(*schedule, now).users;
  Told told{ReachableUsers(plan, users), ""};
  if (!told.receivers.empty()) return told;
  told.remark = users.empty() ? fmt::format("nobody is on call in {}", name)
                              : fmt::format("who is on call in {} has no contact method", name);
  told.receivers = ReachableUsers(plan, schedule->fallback);
  if (!told.receivers.empty()) told.remark += ": its fallback is told";
  return told;
}

}  // namespace

Told ResolveTarget(const Plan& plan, const std::string& target, Nanos now) {
  if (target.starts_with(kSchedulePrefix)) {
    return OnCallOf(plan, target.substr(kSchedulePrefix.size()), now);
  }
  if (Reachable(plan, target)) return {{target}, ""};
  if (target.starts_with(kUserPrefix) && plan.receivers().Find(target) != nullptr) {
    return {{}, fmt::format("{} has no contact method", target.substr(kUserPrefix.size()))};
  }
  return {{}, fmt::format("receiver {} is not configured", target)};
}

}  // namespace outrider
