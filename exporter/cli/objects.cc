// SPDX-License-Identifier: Apache-2.0
// outrider oncall schedule|user|team … and outrider escalation policy …: what is configured by API.
#include "exporter/cli/objects.h"

#include <fmt/format.h>

#include <cstdio>

#include "exporter/api/directory_json.h"
#include "exporter/cli/client.h"
#include "exporter/cli/object_yaml.h"
#include "storage/base/file.h"
#include "storage/base/strict_yaml.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

std::string UrlOfAll(const ClientOptions& client, const ObjectKind& kind) {
  return fmt::format("{}/outrider/v1/{}", client.url, kind.path);
}
std::string UrlOfOne(const ClientOptions& client, const ObjectKind& kind, const std::string& name) {
  return UrlOfAll(client, kind) + "/" + UrlEncodePath(name);
}

std::string Or(const std::string& text, const char* otherwise) {
  return text.empty() ? otherwise : text;
}

void PrintGaps(const JsonValue& answer, const std::string& name) {
  const JsonValue* gaps = answer.Find("gaps");
  if (gaps == nullptr) return;
  for (const JsonValue& gap : gaps->items) {
    fmt::print("Nobody is on call in {} from {} to {}.\n", name, gap.GetString("start_local"),
               gap.GetString("end_local"));
  }
}

StatusOr<std::string> ReadInput(const std::string& file) {
  if (file != "-") return ReadFile(file);
  std::string text;
  for (int c = std::getchar(); c != EOF; c = std::getchar()) text += static_cast<char>(c);
  return text;
}

// One object to apply. `text`: what is sent.
struct Wanted {
  std::string name;
  std::string text;
};

StatusOr<std::vector<Wanted>> Read(const ObjectKind& kind, const std::string& file) {
  const std::string text = TRY(ReadInput(file));
  const YamlNode root = TRY(ParseYaml(text, file));
  const YamlNode* list = root.IsSequence() ? &root : root.Find(kind.list);
  if (list != nullptr && !list->IsSequence()) {
    return YamlError(file, *list, fmt::format("a list is wanted for {}", kind.list));
  }
  const auto name_of = [&](const YamlNode& item) -> StatusOr<std::string> {
    const YamlNode* name = item.Find("name");
    if (name != nullptr && name->IsScalar() && !name->scalar.empty()) return name->scalar;
    return YamlError(file, item, fmt::format("a {} with a name is wanted", kind.word));
  };
  std::vector<Wanted> all;
  // Alone it goes as it is, so that the daemon's errors name lines of the file.
  if (list == nullptr) {
    all.push_back({TRY(name_of(root)), text});
    return all;
  }
  for (const YamlNode& item : list->items) {
    Wanted wanted{TRY(name_of(item)), ""};
    JsonWriter json(&wanted.text);
    WriteTree(item, &json);
    all.push_back(std::move(wanted));
  }
  return all;
}

// Whether it was made (else changed).
StatusOr<bool> ApplyOne(const ClientOptions& client, const ObjectKind& kind, const Wanted& wanted,
                        std::string* raw) {
  const auto changed = CallServer(UrlOfOne(client, kind, wanted.name), "PUT", wanted.text);
  if (changed.ok()) {
    *raw = *changed;
    return false;
  }
  if (!absl::IsNotFound(changed.status())) return changed.status();
  *raw = TRY(CallServer(UrlOfAll(client, kind), "POST", wanted.text));
  return true;
}

}  // namespace

int RunObjectList(const ClientOptions& client, const ObjectKind& kind) {
  return ShowAnswer(client, {UrlOfAll(client, kind)}, [&](const JsonValue& answer) {
    std::vector<std::vector<std::string>> rows;
    const JsonValue* items = answer.Find(kind.list);
    for (const JsonValue& item : items == nullptr ? std::vector<JsonValue>() : items->items) {
      const JsonValue* config = item.Find("config");
      rows.push_back({item.GetString("name"), item.GetString("source"),
                      config == nullptr ? "" : ObjectSummary(kind.word, *config),
                      Or(item.GetString("changed_by"), "-"),
                      Or(item.GetString("changed_at"), "-")});
    }
    if (rows.empty()) {
      fmt::print("No {}.\n", kind.list);
      return;
    }
    PrintTable({ToUpper(kind.word), "FROM", "WHAT", "CHANGED BY", "CHANGED AT"}, rows);
  });
}

int RunObjectShow(const ClientOptions& client, const ObjectKind& kind, const std::string& name) {
  return ShowAnswer(client, {UrlOfOne(client, kind, name)}, [&](const JsonValue& answer) {
    if (answer.GetString("source") == "file") {
      fmt::print("# Of incidents.yml, and changed there.\n");
    } else {
      fmt::print("# Version {}, changed by {} at {}.\n", answer.GetInt("version"),
                 Or(answer.GetString("changed_by"), "nobody in particular"),
                 answer.GetString("changed_at"));
    }
    if (const JsonValue* config = answer.Find("config")) fmt::print("{}", ObjectYaml(*config));
  });
}

int RunObjectApply(const ClientOptions& client, const ObjectKind& kind, const std::string& file) {
  const auto wanted = Read(kind, file);
  if (!wanted.ok()) return Fail(wanted.status());
  for (const Wanted& one : *wanted) {
    std::string raw;
    const auto made = ApplyOne(client, kind, one, &raw);
    if (!made.ok()) {
      return Fail(Annotate(made.status(), fmt::format("{} {}", kind.word, Quote(one.name))));
    }
    if (client.output == "json") {
      fmt::print("{}\n", raw);
      continue;
    }
    fmt::print("{} {} is {}.\n", kind.word, one.name, *made ? "made" : "changed");
    const auto answer = ParseJson(raw);
    if (answer.ok()) PrintGaps(*answer, one.name);
  }
  return 0;
}

int RunObjectDelete(const ClientOptions& client, const ObjectKind& kind, const std::string& name) {
  const auto answer = CallServer(UrlOfOne(client, kind, name), "DELETE", "");
  if (!answer.ok()) return Fail(answer.status());
  fmt::print("{} {} is deleted.\n", kind.word, name);
  return 0;
}

}  // namespace outrider
