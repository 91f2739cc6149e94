// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/targets.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/config/people_config.h"

namespace outrider {
namespace {

// What the questions below are about.
struct Asking {
  const Plan& plan;
  Nanos now;
  const Reachable& reachable;

  bool CanReach(const std::string& receiver) const {
    const Receiver* found = plan.receivers().Find(receiver);
    if (found == nullptr || found->integrations.empty()) return false;
    return !reachable || reachable(*found);
  }
  // What those lack who cannot be reached.
  std::string Lack(const std::vector<std::string>& users) const {
    const bool unverified = std::ranges::any_of(users, [&](const std::string& user) {
      const Receiver* found = plan.receivers().Find(fmt::format("{}{}", kUserPrefix, user));
      return found != nullptr && !found->integrations.empty();
    });
    return unverified ? "has no verified contact method" : "has no contact method";
  }
};

std::vector<std::string> ReachableUsers(const Asking& asking,
                                        const std::vector<std::string>& users) {
  std::vector<std::string> receivers;
  for (const std::string& user : users) {
    std::string receiver = fmt::format("{}{}", kUserPrefix, user);
    if (!asking.CanReach(receiver)) continue;
    if (std::ranges::find(receivers, receiver) == receivers.end()) {
      receivers.push_back(std::move(receiver));
    }
  }
  return receivers;
}

Told OnCallOf(const Asking& asking, const std::string& name) {
  const std::vector<Schedule>& schedules = asking.plan.config().schedules;
  const auto schedule = std::ranges::find(schedules, name, &Schedule::name);
  if (schedule == schedules.end()) return {{}, fmt::format("there is no schedule {}", name)};
  const std::vector<std::string> users = OnCallAt(*schedule, asking.now).users;
  Told told{ReachableUsers(asking, users), ""};
  if (!told.receivers.empty()) return told;
  told.remark = users.empty() ? fmt::format("nobody is on call in {}", name)
                              : fmt::format("who is on call in {} {}", name, asking.Lack(users));
  told.receivers = ReachableUsers(asking, schedule->fallback);
  if (!told.receivers.empty()) told.remark += ": its fallback is told";
  return told;
}

Told TeamOf(const Asking& asking, const std::string& name, bool lead) {
  const Team* team = asking.plan.people().FindTeam(name);
  if (team == nullptr) return {{}, fmt::format("there is no team {}", name)};
  std::vector<std::string> users = team->members;
  if (lead) users.assign(team->lead.empty() ? 0 : 1, team->lead);
  Told told{ReachableUsers(asking, users), ""};
  if (told.receivers.empty()) {
    told.remark = fmt::format("nobody of team {} can be reached", name);
  }
  return told;
}

}  // namespace

Told ResolveTarget(const Plan& plan, const std::string& target, Nanos now,
                   const Reachable& reachable) {
  const Asking asking{plan, now, reachable};
  if (target.starts_with(kSchedulePrefix)) {
    return OnCallOf(asking, target.substr(kSchedulePrefix.size()));
  }
  if (target.starts_with(kTeamPrefix)) {
    return TeamOf(asking, target.substr(kTeamPrefix.size()), false);
  }
  if (target.starts_with(kLeadPrefix)) {
    return TeamOf(asking, target.substr(kLeadPrefix.size()), true);
  }
  if (asking.CanReach(target)) return {{target}, ""};
  if (target.starts_with(kUserPrefix) && plan.receivers().Find(target) != nullptr) {
    const std::string user = target.substr(kUserPrefix.size());
    return {{}, fmt::format("{} {}", user, asking.Lack({user}))};
  }
  return {{}, fmt::format("receiver {} is not configured", target)};
}

}  // namespace outrider
