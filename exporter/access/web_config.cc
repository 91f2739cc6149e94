// SPDX-License-Identifier: Apache-2.0
#include "exporter/access/web_config.h"

#include <fmt/format.h>

#include <algorithm>

#include "exporter/access/password.h"
#include "exporter/access/roles.h"
#include "storage/base/file.h"
#include "storage/base/strict_yaml.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr DurationMs kLongestSession = 31 * kDay;

// Of the toolkit's TLS section and of what needs it.
Status RefuseTls(const YamlNode* node, const std::string& file) {
  if (node == nullptr || node->IsNull()) return absl::OkStatus();
  return YamlError(file, *node,
                   "tls_server_config: TLS is not available in this version, and Outrider never "
                   "falls back to plain text by itself. Leave the section out to serve plain HTTP, "
                   "behind a proxy that speaks TLS");
}

// What the toolkit does with HTTP answers is accepted, and said to have no effect.
Status ReadHttpSection(const YamlNode* node, WebConfig* config) {
  if (node == nullptr || node->IsNull()) return absl::OkStatus();
  bool http2 = true;
  std::vector<std::pair<std::string, std::string>> headers;
  YamlReader reader(*node, config->file, "type http_server_config");
  reader.Bool("http2", &http2);
  reader.StringMap("headers", &headers);
  TRY(reader.Finish());
  if (headers.empty()) return absl::OkStatus();
  config->warnings.push_back(
      fmt::format("{}:{}:{}: http_server_config: headers have no effect here: let the proxy that "
                  "speaks TLS set them",
                  config->file, node->line, node->column));
  return absl::OkStatus();
}

Status AddUser(const YamlNode& node, AccessUser user, WebConfig* config) {
  if (user.name.empty() || user.name.find(':') != std::string::npos) {
    return YamlError(
        config->file, node,
        fmt::format("{} is no name of a user: one without a colon is wanted", Quote(user.name)));
  }
  if (!IsBcryptHash(user.password_hash)) {
    return YamlError(config->file, node,
                     fmt::format("the password of user {} is no bcrypt hash: make one with "
                                 "`outrider user hash-password`",
                                 Quote(user.name)));
  }
  if (config->Find(user.name) != nullptr) {
    return YamlError(config->file, node, fmt::format("user {} is not unique", Quote(user.name)));
  }
  config->users.push_back(std::move(user));
  return absl::OkStatus();
}

// A file for the toolkit knows no roles: everybody in it may do everything, as there.
Status ReadBasicUsers(const YamlNode* node, WebConfig* config) {
  if (node == nullptr || node->IsNull()) return absl::OkStatus();
  if (!node->IsMap()) {
    return YamlError(config->file, *node, "basic_auth_users: a map of names to hashes is wanted");
  }
  for (const auto& [key, value] : node->entries) {
    TRY(AddUser(value, {key.scalar, value.scalar, Role::kAdmin, {}}, config));
  }
  return absl::OkStatus();
}

StatusOr<AccessUser> ReadUser(const YamlNode& node, const std::string& file) {
  AccessUser user;
  std::string role;
  YamlReader reader(node, file, "type outrider_user");
  reader.String("name", &user.name);
  reader.String("password_hash", &user.password_hash);
  reader.String("role", &role);
  reader.StringList("teams", &user.teams);
  const std::optional<Role> parsed = ParseRole(role);
  if (!parsed) {
    reader.Fail("role", fmt::format("unknown role {}: viewer, operator or admin", Quote(role)));
  }
  TRY(reader.Finish());
  user.role = parsed.value_or(Role::kNone);
  return user;
}

Status ReadOwnUsers(const YamlNode* node, WebConfig* config) {
  if (node == nullptr || node->IsNull()) return absl::OkStatus();
  if (!node->IsSequence()) {
    return YamlError(config->file, *node, "outrider_users: a list is wanted");
  }
  for (const YamlNode& item : node->items) {
    TRY(AddUser(item, TRY(ReadUser(item, config->file)), config));
  }
  return absl::OkStatus();
}

Status ReadSessions(const YamlNode* node, WebConfig* config) {
  if (node == nullptr || node->IsNull()) return absl::OkStatus();
  YamlReader reader(*node, config->file, "type outrider_sessions");
  if (reader.Duration("lifetime", &config->session_lifetime) &&
      (config->session_lifetime < kMinute || config->session_lifetime > kLongestSession)) {
    reader.Fail("lifetime", "must lie between 1m and 31d");
  }
  return reader.Finish();
}

void ReadRate(std::string_view key, YamlReader* reader, double* rate) {
  if (reader->Double(key, rate) && !(*rate >= 0 && *rate <= 1e9)) {
    reader->Fail(key, "must lie in 0..1000000000; 0 is no limit");
  }
}

Status ReadLimits(const YamlNode* node, WebConfig* config) {
  if (node == nullptr || node->IsNull()) return absl::OkStatus();
  RateLimits& limits = config->limits;
  YamlReader reader(*node, config->file, "type outrider_rate_limits");
  ReadRate("requests_per_second", &reader, &limits.requests_per_second);
  ReadRate("burst", &reader, &limits.burst);
  ReadRate("failed_logins_per_minute", &reader, &limits.failed_logins_per_minute);
  return reader.Finish();
}

}  // namespace

const AccessUser* WebConfig::Find(std::string_view name) const {
  const auto found = std::ranges::find(users, name, &AccessUser::name);
  return found == users.end() ? nullptr : &*found;
}

StatusOr<WebConfig> ParseWebConfig(std::string_view text, const std::string& file) {
  const YamlNode root = TRY(ParseYaml(text, file));
  WebConfig config;
  config.file = file;
  YamlReader reader(root, file, "type web config");
  const YamlNode* tls = reader.Child("tls_server_config");
  const YamlNode* http = reader.Child("http_server_config");
  const YamlNode* basic = reader.Child("basic_auth_users");
  const YamlNode* users = reader.Child("outrider_users");
  const YamlNode* sessions = reader.Child("outrider_sessions");
  const YamlNode* limits = reader.Child("outrider_rate_limits");
  TRY(reader.Finish());
  TRY(RefuseTls(tls, file));
  TRY(ReadHttpSection(http, &config));
  TRY(ReadBasicUsers(basic, &config));
  TRY(ReadOwnUsers(users, &config));
  TRY(ReadSessions(sessions, &config));
  TRY(ReadLimits(limits, &config));
  // Somebody must be able to make tokens and to reload.
  const bool admin = std::ranges::any_of(
      config.users, [](const AccessUser& user) { return user.role == Role::kAdmin; });
  if (!config.users.empty() && !admin) {
    return YamlError(file, root, "of the users at least one must be an admin");
  }
  return config;
}

StatusOr<WebConfig> LoadWebConfig(const std::string& file) {
  if (file.empty()) return WebConfig{};
  return ParseWebConfig(TRY(ReadFile(file)), file);
}

}  // namespace outrider
