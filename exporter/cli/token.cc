// SPDX-License-Identifier: Apache-2.0
// outrider token … and outrider user hash-password.
#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>

#include "exporter/access/password.h"
#include "exporter/cli/access_commands.h"
#include "exporter/cli/client.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

std::string Url(const ClientOptions& client) { return client.url + "/outrider/v1/tokens"; }

// Of standard input, without its end of line; shown as it is typed only where it is no terminal's.
std::string ReadLine() {
  std::string line;
  for (int c = std::getchar(); c != EOF && c != '\n'; c = std::getchar()) {
    line += static_cast<char>(c);
  }
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

std::string AskFor(const char* what) {
  fmt::print(stderr, "{}: ", what);
  termios before = {};
  const bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
  termios quiet = before;
  quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  if (terminal) (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  std::string line = ReadLine();
  if (terminal) (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
  fmt::print(stderr, "\n");
  return line;
}

std::string Teams(const JsonValue& token) {
  std::string text;
  if (const JsonValue* teams = token.Find("teams")) {
    for (const JsonValue& team : teams->items) text += (text.empty() ? "" : ",") + team.string;
  }
  return text.empty() ? "all" : text;
}

std::string Or(const std::string& text, const char* otherwise) {
  return text.empty() ? otherwise : text;
}

}  // namespace

int RunTokenCreate(const ClientOptions& client, const TokenOptions& options) {
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("name").String(options.name).Key("role").String(options.role);
  json.Key("teams").StartArray();
  for (const std::string& team : options.teams) json.String(team);
  json.EndArray();
  if (!options.expires_in.empty()) json.Key("expires_in").String(options.expires_in);
  json.EndObject();
  return ShowAnswer(client, {Url(client), "POST", body}, [&](const JsonValue& answer) {
    fmt::print(stderr, "The token of {} ({}); it is not shown again:\n", options.name,
               options.role);
    fmt::print("{}\n", answer.GetString("token"));
  });
}

int RunTokenList(const ClientOptions& client) {
  return ShowAnswer(client, {Url(client)}, [&](const JsonValue& answer) {
    const JsonValue* tokens = answer.Find("tokens");
    if (tokens == nullptr || tokens->items.empty()) {
      fmt::print("No tokens.\n");
      return;
    }
    std::vector<std::vector<std::string>> rows;
    for (const JsonValue& token : tokens->items) {
      const JsonValue* feed = token.Find("feed");
      rows.push_back(
          {token.GetString("name"), token.GetString("prefix") + "…",
           feed == nullptr ? token.GetString("role") : "calendar of " + feed->GetString("schedule"),
           Teams(token), Or(token.GetString("created_by"), "-"),
           Or(token.GetString("expires_at"), "never"),
           Or(token.GetString("last_used_at"), "never")});
    }
    PrintTable({"NAME", "TOKEN", "ROLE", "TEAMS", "BY", "EXPIRES", "LAST USED"}, rows);
  });
}

int RunTokenRevoke(const ClientOptions& client, const std::string& name) {
  const auto answer = CallServer(Url(client) + "/" + UrlEncodePath(name), "DELETE", "");
  if (!answer.ok()) return Fail(answer.status());
  fmt::print("Token {} is revoked.\n", name);
  return 0;
}

int RunHashPassword(int cost, Random& random) {
  const bool terminal = isatty(STDIN_FILENO) == 1;
  const std::string password = terminal ? AskFor("Password") : ReadLine();
  if (terminal && AskFor("The same again") != password) {
    return Fail(InvalidArgument("the two differ"));
  }
  const StatusOr<std::string> hash = HashPassword(password, cost, random);
  if (!hash.ok()) return Fail(hash.status());
  fmt::print("{}\n", *hash);
  return 0;
}

}  // namespace outrider
