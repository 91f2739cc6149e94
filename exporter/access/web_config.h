// SPDX-License-Identifier: Apache-2.0
// The file of --web.config.file: what Prometheus' exporter-toolkit reads, and sections of our own.
//   basic_auth_users: {anna: $2y$10$…}           # of the toolkit: each is an admin
//   outrider_users:
//     - {name: ben, password_hash: $2b$10$…, role: operator, teams: [storage]}
//   outrider_sessions: {lifetime: 12h}
//   outrider_rate_limits: {requests_per_second: 200, burst: 2000, failed_logins_per_minute: 10}
// TLS settings are refused: nothing falls back to plain text (contract.md "Who may call").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/http/server.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

struct AccessUser {
  std::string name;
  std::string password_hash;  // bcrypt
  Role role = Role::kAdmin;
  std::vector<std::string> teams;  // whose incidents they may act on; empty: everybody's
};

// Of one caller; 0: no limit.
struct RateLimits {
  double requests_per_second = 200;
  double burst = 2000;
  double failed_logins_per_minute = 10;  // of one address
};

struct WebConfig {
  std::string file;               // "" : there is none, so no users and no limits
  std::vector<AccessUser> users;  // in file order; names are unique
  DurationMs session_lifetime = 12 * kHour;
  RateLimits limits;
  std::vector<std::string> warnings;

  const AccessUser* Find(std::string_view name) const;  // nullptr: no such user
};

// Errors name file:line:column.
StatusOr<WebConfig> ParseWebConfig(std::string_view text, const std::string& file);
// Reads the file; "" gives the empty configuration.
StatusOr<WebConfig> LoadWebConfig(const std::string& file);

}  // namespace outrider
