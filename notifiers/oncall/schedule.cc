// SPDX-License-Identifier: Apache-2.0
#include "notifiers/oncall/schedule.h"

#include <algorithm>

namespace outrider {
namespace {

template <typename T>
bool Holds(const T& what, Nanos time) {
  return what.start <= time && time < what.end;
}

void AddUser(const std::string& user, std::vector<std::string>* users) {
  if (user.empty() || std::find(users->begin(), users->end(), user) != users->end()) return;
  users->push_back(user);
}

OnCall ByTemporary(const TemporarySchedule& temporary, Nanos time) {
  OnCall on_call;
  for (const FixedShift& shift : temporary.shifts) {
    if (Holds(shift, time)) AddUser(shift.user, &on_call.users);
  }
  if (!on_call.users.empty()) on_call.source = OnCallSource::kTemporary;
  return on_call;
}

const std::string& UserOf(const Layer& layer, Nanos time, absl::TimeZone zone) {
  static const std::string kNobody;
  if (layer.until != 0 && time >= layer.until) return kNobody;
  if (!InWindows(layer.windows, time, zone)) return kNobody;
  return ParticipantOf(layer.rotation, ShiftAt(layer.rotation, time));
}

// Of a calendar: all whose shift holds.
std::vector<std::string> CalendarUsers(const Layer& layer, Nanos time, absl::TimeZone zone) {
  std::vector<std::string> users;
  if (layer.until != 0 && time >= layer.until) return users;
  if (!InWindows(layer.windows, time, zone)) return users;
  const auto begins_later = [](Nanos now, const FixedShift& shift) { return now < shift.start; };
  auto shift = std::upper_bound(layer.shifts.begin(), layer.shifts.end(), time, begins_later);
  while (shift != layer.shifts.begin() && (--shift)->start > time - layer.longest_shift) {
    if (Holds(*shift, time)) AddUser(shift->user, &users);
  }
  std::reverse(users.begin(), users.end());
  return users;
}

std::vector<std::string> UsersOf(const Layer& layer, Nanos time, absl::TimeZone zone) {
  if (layer.imported) return CalendarUsers(layer, time, zone);
  const std::string& user = UserOf(layer, time, zone);
  return user.empty() ? std::vector<std::string>() : std::vector<std::string>{user};
}

OnCall ByLayers(const Schedule& schedule, Nanos time) {
  OnCall on_call;
  int best = 0;
  for (const Layer& layer : schedule.layers) {
    if (!on_call.users.empty() && layer.priority < best) continue;
    const std::vector<std::string> users = UsersOf(layer, time, schedule.zone);
    if (users.empty()) continue;
    if (on_call.users.empty() || layer.priority > best) {
      on_call = {{}, OnCallSource::kLayer, layer.name};
      best = layer.priority;
    }
    for (const std::string& user : users) AddUser(user, &on_call.users);
  }
  return on_call;
}

void Apply(const Override& change, OnCall* on_call) {
  std::vector<std::string>& users = on_call->users;
  const std::string& gone = change.kind == OverrideKind::kRemove ? change.user : change.replaced;
  if (change.kind == OverrideKind::kReplace && gone.empty()) users.clear();
  const bool there = std::erase(users, gone) != 0;
  if (change.kind == OverrideKind::kReplace && !there && !gone.empty()) return;
  if (change.kind != OverrideKind::kRemove) AddUser(change.user, &users);
  on_call->source = users.empty() ? OnCallSource::kNobody : OnCallSource::kOverride;
}

using Swaps = std::vector<const Substitution*>;  // those that hold, in order

// The first of `swaps` from `at` on that takes the turn of `user`; their number: none does.
size_t TakenBy(const Swaps& swaps, const std::string& user, size_t at) {
  while (at < swaps.size() && swaps[at]->from != user) ++at;
  return at;
}

// Who has the turn of `user` after the swaps. Whoever took it may give it on by a later swap,
// unless that one is about a turn of their own, or is the other half of an exchange.
std::string HolderOf(const Swaps& swaps, const std::string& user,
                     const std::vector<std::string>& users) {
  size_t at = TakenBy(swaps, user, 0);
  if (at == swaps.size()) return user;
  const std::string& first = swaps[at]->to;
  std::string holder = first;
  while (std::find(users.begin(), users.end(), holder) == users.end()) {
    at = TakenBy(swaps, holder, at + 1);
    if (at == swaps.size()) return holder;
    holder = swaps[at]->to;
    if (holder == user) return first;
  }
  return holder;
}

// All at once. Two who are on call together and swap are both on call as before.
void Apply(const Swaps& swaps, OnCall* on_call) {
  std::vector<std::string> holders;
  for (const std::string& user : on_call->users) {
    AddUser(HolderOf(swaps, user, on_call->users), &holders);
  }
  if (std::ranges::is_permutation(holders, on_call->users)) return;
  on_call->users = std::move(holders);
  on_call->source = OnCallSource::kOverride;
}

}  // namespace

std::string_view OnCallSourceText(OnCallSource source) {
  constexpr std::string_view kTexts[] = {"nobody", "layer", "override", "temporary"};
  return kTexts[static_cast<size_t>(source)];
}

OnCall OnCallAt(const Schedule& schedule, Nanos time) {
  for (const TemporarySchedule& temporary : schedule.temporary) {
    if (Holds(temporary, time)) return ByTemporary(temporary, time);
  }
  OnCall on_call = ByLayers(schedule, time);
  for (const Override& change : schedule.overrides) {
    if (Holds(change, time)) Apply(change, &on_call);
  }
  Swaps swaps;
  for (const Substitution& swap : schedule.substitutions) {
    if (Holds(swap, time)) swaps.push_back(&swap);
  }
  if (!swaps.empty()) Apply(swaps, &on_call);
  return on_call;
}

}  // namespace outrider
