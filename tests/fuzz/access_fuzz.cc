// SPDX-License-Identifier: Apache-2.0
// What callers send before anybody knows who they are, and what is configured about them; the first
// byte chooses: Authorization headers and cookies, the file of --web.config.file, rows of tokens
// and objects, bodies of objects (whatever they hold, the file's tree takes them or says why not),
// where to go after signing in.
#include <cstdlib>
#include <string>
#include <string_view>

#include "exporter/access/credentials.h"
#include "exporter/access/refusal.h"
#include "exporter/access/token_store.h"
#include "exporter/access/web_config.h"
#include "exporter/api/directory_json.h"
#include "notifiers/config/incidents_node.h"
#include "notifiers/desk/directory.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

void Headers(std::string_view text) {
  const Credentials given = ParseAuthorization(text);
  if (given.kind == Credentials::Kind::kBasic && Contains(given.name, ":")) std::abort();
  const std::string cookie = FindCookie(text, kSessionCookie);
  if (Contains(cookie, ";")) std::abort();
  // A pair that is encoded is read back, whatever is in it.
  const std::string name(text.substr(0, text.find(':')));
  const Credentials again = ParseAuthorization("Basic " + Base64Encode(name + ":" + cookie));
  if (name.size() + cookie.size() < 1024 &&
      (again.kind != Credentials::Kind::kBasic || again.name != name || again.secret != cookie)) {
    std::abort();
  }
}

void File(std::string_view text) {
  const auto config = ParseWebConfig(text, "web.yml");
  if (!config.ok()) return;
  bool admin = config->users.empty();
  for (const AccessUser& user : config->users) {
    admin |= user.role == Role::kAdmin;
    if (user.name.empty() || user.role == Role::kNone) std::abort();
  }
  if (!admin) std::abort();
}

void Rows(std::string_view bytes) {
  const auto token = DecodeAccessToken(bytes);
  if (token.ok() && !(*DecodeAccessToken(EncodeAccessToken(*token)) == *token)) std::abort();
  const auto object = DecodeDirectoryObject(bytes);
  if (!object.ok()) return;
  if (!(*DecodeDirectoryObject(EncodeDirectoryObject(*object)) == *object)) std::abort();
}

void Object(std::string_view text) {
  if (text.empty()) return;
  const auto kind = static_cast<DirectoryKind>(static_cast<unsigned char>(text[0]) % 7);
  const YamlNode file = *ParseYaml(
      "users: [{name: a}]\n"
      "schedules: [{name: s, layers: [{users: [a], start: 2026-01-05T09:00}]}]\n",
      "file");
  DirectoryObjects objects;
  Batch rows;
  const bool part = IsOfSchedule(kind);
  const DirectoryChange change{DirectoryChange::Action::kCreate, kind, part ? "s" : "", "x",
                               std::string(text.substr(1)),      {}};
  if (!ApplyChange(change, {file, file}, "f", 1, &objects, &rows).ok()) return;
  const auto merge = MergeDirectory(file, objects);
  if (!merge.ok()) return;
  const auto config = ParseIncidentsNode(merge->root, "file");
  if (!config.ok()) (void)merge->Explain(config.status(), "file");
  (void)UsersOfObject(merge->root, DirectoryKind::kUser, "a");
  for (const YamlNode* item : ItemsInTree(merge->root, DirectoryKind::kUser)) {
    std::string body;
    JsonWriter json(&body);
    WriteTree(PublicUser(*item), &json);
    if (IsValidUtf8(text) && !ParseJson(body).ok()) std::abort();
  }
}

void Next(std::string_view text) {
  const std::string next = SafeNext(text);
  if (!next.starts_with('/') || next.starts_with("//") || Contains(next, "\n")) std::abort();
}

}  // namespace
}  // namespace outrider

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace outrider;  // NOLINT(google-build-using-namespace)
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 5) {
    case 0:
      Headers(text);
      break;
    case 1:
      File(text);
      break;
    case 2:
      Rows(text);
      break;
    case 3:
      Object(text);
      break;
    default:
      Next(text);
  }
  return 0;
}
