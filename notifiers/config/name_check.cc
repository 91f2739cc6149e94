// SPDX-License-Identifier: Apache-2.0
#include "notifiers/config/name_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "notifiers/config/escalation_config.h"
#include "notifiers/config/paging_config.h"
#include "notifiers/config/people_config.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

using Names = std::set<std::string, std::less<>>;

// The texts of a list under the key; none when it is missing.
std::vector<const YamlNode*> Texts(const YamlNode& map, std::string_view key) {
  std::vector<const YamlNode*> texts;
  const YamlNode* list = map.Find(key);
  if (list == nullptr) return texts;
  for (const YamlNode& item : list->items) texts.push_back(&item);
  return texts;
}

std::string TextAt(const YamlNode& map, std::string_view key) {
  const YamlNode* node = map.Find(key);
  return node == nullptr ? "" : node->scalar;
}

// The tiers of a policy, in whichever of its three shapes it is.
const std::vector<YamlNode>* TiersOf(const YamlNode& policy) {
  const YamlNode* list = policy.Find("tiers");
  if (list == nullptr || list->IsNull()) list = policy.Find("rules");
  if (list != nullptr && list->IsMap()) list = list->Find("tiers");
  return list == nullptr ? nullptr : &list->items;
}

class Checker {
 public:
  Checker(const IncidentsConfig& config, const NameCheck& check) : config_(config), check_(check) {
    for (const UserConfig& user : config.users) AddTo(&told_, kUserPrefix, user.name);
    if (check.alertmanager != nullptr) {
      for (const ReceiverConfig& receiver : check.alertmanager->receivers) {
        told_.insert(receiver.name);
      }
    }
    paged_ = told_;
    for (const YamlNode& schedule : config.schedules.items) {
      AddTo(&paged_, kSchedulePrefix, TextAt(schedule, "name"));
    }
    if (config.people != nullptr) {
      for (const Team& team : config.people->teams) {
        AddTo(&paged_, kTeamPrefix, team.name);
        if (!team.lead.empty()) AddTo(&paged_, kLeadPrefix, team.name);
      }
    }
    for (const EscalationPolicy& policy : config.escalation_policies) policies_.insert(policy.name);
  }

  void CheckSla(const YamlNode& sla) {
    for (const YamlNode* name : Texts(sla, "notify")) {
      CheckTarget(name->scalar, *name, "sla.notify", told_);
    }
  }

  void CheckPolicy(const YamlNode& policy) {
    const std::string name = TextAt(policy, "name");
    if (!policies_.contains(name)) return;
    const std::string owner = fmt::format("escalation policy {}", Quote(name));
    if (const std::vector<YamlNode>* tiers = TiersOf(policy)) {
      for (const YamlNode& tier : *tiers) CheckTier(tier, owner);
    }
    for (const YamlNode* text : Texts(policy, "fallback")) {
      CheckTarget(text->scalar, *text, owner, paged_);
    }
  }

  void CheckHeartbeat(const YamlNode& heartbeat, const YamlNode& policies) {
    const YamlNode* policy = heartbeat.Find("policy");
    if (policy == nullptr || policy->scalar.empty() || policies_.contains(policy->scalar)) return;
    const bool there = std::ranges::any_of(policies.items, [&](const YamlNode& item) {
      return TextAt(item, "name") == policy->scalar;
    });
    if (!there && !check_.all_policies) return;
    Fail(*policy, fmt::format("heartbeat {} names the escalation policy {}, which {}",
                              Quote(TextAt(heartbeat, "name")), Quote(policy->scalar),
                              there ? "is not enabled" : "the file does not have"));
  }

  Status Finish() const {
    return problems_.empty() ? absl::OkStatus() : InvalidArgument(Join(problems_, "\n"));
  }

 private:
  static void AddTo(Names* names, std::string_view prefix, const std::string& name) {
    names->insert(fmt::format("{}{}", prefix, name));
  }

  void CheckTier(const YamlNode& tier, const std::string& owner) {
    static constexpr std::pair<std::string_view, std::string_view> kKeys[] = {
        {"receivers", ""},
        {"users", kUserPrefix},
        {"schedules", kSchedulePrefix},
        {"teams", kTeamPrefix}};
    size_t told = 0;
    const auto check = [&](const std::string& target, const YamlNode& place) {
      ++told;
      CheckTarget(target, place, owner, paged_);
    };
    for (const auto& [key, prefix] : kKeys) {
      for (const YamlNode* name : Texts(tier, key)) {
        check(fmt::format("{}{}", prefix, name->scalar), *name);
      }
    }
    for (const std::string_view key : {"recipients", "targets"}) {
      for (const YamlNode* text : Texts(tier, key)) {
        const std::string target = TargetOfText(text->scalar);
        if (!target.empty()) check(target, *text);
      }
    }
    const bool others = told > 0;
    for (const YamlNode* channel : Texts(tier, "channels")) {
      if (others && !NamesReceiver(channel->scalar)) continue;
      check(ReceiverOfChannel(channel->scalar), *channel);
    }
  }

  void CheckTarget(const std::string& target, const YamlNode& place, const std::string& owner,
                   const Names& names) {
    if (names.contains(target)) return;
    if (NamesPeople(target)) {
      Fail(place, fmt::format("{} names {}, which the file does not have", owner, target));
    } else if (check_.alertmanager != nullptr) {
      Fail(place, fmt::format("{} names the receiver {}, which the Alertmanager configuration "
                              "does not have",
                              owner, Quote(target)));
    }
  }

  void Fail(const YamlNode& place, const std::string& message) {
    problems_.push_back(Message(YamlError(config_.file, place, message)));
  }

  const IncidentsConfig& config_;
  const NameCheck& check_;
  Names told_;      // receivers, of users too
  Names paged_;     // whom a tier may name: these, schedules, teams, leads
  Names policies_;  // that are enabled
  std::vector<std::string> problems_;
};

}  // namespace

Status CheckNames(const YamlNode& root, const IncidentsConfig& config, const NameCheck& check) {
  if (!root.IsMap()) return absl::OkStatus();
  const YamlNode none;
  const auto section = [&](std::string_view key) {
    const YamlNode* node = root.Find(key);
    return node == nullptr ? &none : node;
  };
  const bool old = root.Find("escalation_policies") == nullptr;
  const YamlNode& policies = *section(old ? "policies" : "escalation_policies");
  Checker checker(config, check);
  checker.CheckSla(*section("sla"));
  for (const YamlNode& policy : policies.items) checker.CheckPolicy(policy);
  for (const YamlNode& heartbeat : section("heartbeats")->items) {
    checker.CheckHeartbeat(heartbeat, policies);
  }
  return checker.Finish();
}

}  // namespace outrider
