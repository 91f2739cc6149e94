// SPDX-License-Identifier: Apache-2.0
#include "notifiers/config/people_config.h"

#include <fmt/format.h>

#include <set>

#include "storage/base/text.h"

namespace outrider {
namespace {

bool IsContact(const YamlNode& key) { return key.scalar.ends_with("_configs"); }

StatusOr<UserConfig> ParseUser(const YamlNode& node, const SectionContext& context) {
  UserConfig user;
  YamlReader reader(node, context.file, "type user");
  reader.String("name", &user.name);
  reader.String("time_zone", &user.time_zone);
  for (const char* key : {"rules", "important_severities", "quiet_hours"}) {
    reader.Child(key);  // ParsePagingConfig reads them
  }
  user.contact.kind = YamlNode::Kind::kMap;
  user.contact.line = node.line;
  user.contact.column = node.column;
  for (const auto& [key, value] : node.entries) {
    if (!IsContact(key)) continue;
    reader.Child(key.scalar);
    user.contact.entries.push_back({key, value});
  }
  TRY(reader.Finish());
  if (user.name.empty()) return context.Error(node, "missing name in user");
  if (user.contact.entries.empty()) {
    context.warnings->push_back(
        fmt::format("{}:{}:{}: user {} has no contact method: pages to them reach nobody",
                    context.file, node.line, node.column, Quote(user.name)));
  }
  YamlNode key;
  key.kind = YamlNode::Kind::kScalar;
  key.scalar = "name";
  YamlNode name = key;
  name.scalar = fmt::format("{}{}", kUserPrefix, user.name);
  user.contact.entries.push_back({key, name});
  return user;
}

}  // namespace

bool NamesPeople(std::string_view target) {
  for (const std::string_view prefix : {kUserPrefix, kSchedulePrefix, kTeamPrefix, kLeadPrefix}) {
    if (target.starts_with(prefix)) return true;
  }
  return false;
}

StatusOr<std::vector<UserConfig>> ParseUsers(const YamlNode* list, const SectionContext& context) {
  std::vector<UserConfig> users;
  std::set<std::string> names;
  for (const YamlNode* item : TRY(ListItems(list, "users", context))) {
    users.push_back(TRY(ParseUser(*item, context)));
    if (!names.insert(users.back().name).second) {
      return context.Error(*item, fmt::format("user {} is not unique", Quote(users.back().name)));
    }
  }
  return users;
}

StatusOr<std::vector<ReceiverConfig>> UserReceivers(const IncidentsConfig& config,
                                                    const YamlNode& global,
                                                    const std::set<std::string>& api_users) {
  std::vector<std::string> warnings;
  SectionContext context{config.file, &warnings};
  std::vector<ReceiverConfig> receivers;
  for (const UserConfig& user : config.users) {
    context.from_api = api_users.contains(user.name);
    receivers.push_back(TRY(ParseReceiver(user.contact, global, context)));
  }
  return receivers;
}

}  // namespace outrider
