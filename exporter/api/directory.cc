// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "exporter/api/directory_json.h"
#include "exporter/api/product_common.h"
#include "notifiers/oncall/schedule.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxBody = 64 * 1024;
constexpr int64_t kPreview = 14 * kDay * kNanosPerMilli;

struct Collection {
  DirectoryKind kind;
  const char* path;  // below /outrider/v1/
  const char* word;  // the key of the list
};
constexpr std::array<Collection, 4> kCollections = {
    {{DirectoryKind::kUser, "users", "users"},
     {DirectoryKind::kTeam, "teams", "teams"},
     {DirectoryKind::kSchedule, "oncall/schedules", "schedules"},
     {DirectoryKind::kPolicy, "policies", "policies"}}};
constexpr std::array<Collection, 3> kChanges = {
    {{DirectoryKind::kOverride, "overrides", "overrides"},
     {DirectoryKind::kSwap, "swaps", "swaps"},
     {DirectoryKind::kTemporary, "temporary", "temporary"}}};

// OutOfRange is what ApplyChange says of another version.
HttpResponse Failed(const Status& status) {
  HttpResponse response = ProductError(status);
  if (status.code() == absl::StatusCode::kOutOfRange) response.status = 412;
  return response;
}

// `"3"` or `3`; nullopt: any version.
StatusOr<std::optional<uint64_t>> ReadIfMatch(const HttpRequest& request) {
  std::string text = request.Header("If-Match");
  if (text.empty() || text == "*") return std::nullopt;
  std::erase(text, '"');
  const StatusOr<int64_t> version = ParseInt(text);
  if (!version.ok() || *version < 1) {
    return InvalidArgument("If-Match: the version of an earlier answer is wanted");
  }
  return static_cast<uint64_t>(*version);
}

class Api {
 public:
  explicit Api(const DirectoryApiDeps& deps) : deps_(deps) {}

  HttpResponse List(const Collection& of, const HttpRequest& request) const {
    const auto view = deps_.view();
    std::string body;
    JsonWriter json(&body);
    json.StartObject().Key(of.word).StartArray();
    for (const YamlNode* item : ItemsInTree(view->merged, of.kind)) {
      WriteItem(*view, of.kind, *item, request.caller, &json);
      json.EndObject();
    }
    json.EndArray().EndObject();
    return HttpResponse::Json(200, std::move(body));
  }

  HttpResponse Show(const Collection& of, const HttpRequest& request) const {
    return Answer(200, of.kind, request.path_params.at("name"), request.caller);
  }

  HttpResponse Create(const Collection& of, HttpRequest& request) const {
    DirectoryChange change{DirectoryChange::Action::kCreate, of.kind, "", "", "", {}};
    StatusOr<std::string> text = request.ReadBody(kMaxBody);
    if (!text.ok()) return Failed(text.status());
    change.text = *std::move(text);
    const StatusOr<YamlNode> node = ParseYaml(change.text, "body");
    if (!node.ok()) return Failed(node.status());
    const YamlNode* name = node->Find("name");
    if (name == nullptr || name->scalar.empty()) {
      return Failed(InvalidArgument("body: a map with a name is wanted"));
    }
    change.name = name->scalar;
    const Status done = deps_.edit(change, request.caller);
    return done.ok() ? Answer(201, of.kind, change.name, request.caller) : Failed(done);
  }

  HttpResponse Replace(const Collection& of, HttpRequest& request) const {
    DirectoryChange change = ChangeOf(DirectoryChange::Action::kReplace, of.kind, request);
    StatusOr<std::string> text = request.ReadBody(kMaxBody);
    if (!text.ok()) return Failed(text.status());
    change.text = *std::move(text);
    return Change(std::move(change), request);
  }

  HttpResponse Delete(const Collection& of, const HttpRequest& request) const {
    return Change(ChangeOf(DirectoryChange::Action::kDelete, of.kind, request), request);
  }

  HttpResponse ListOfSchedule(const Collection& of, const HttpRequest& request) const {
    const auto view = deps_.view();
    const std::string& schedule = request.path_params.at("name");
    if (FindInTree(view->merged, DirectoryKind::kSchedule, schedule) == nullptr) {
      return Failed(NotFound(fmt::format("no schedule {}", Quote(schedule))));
    }
    std::string body;
    JsonWriter json(&body);
    json.StartObject().Key(of.word).StartArray();
    for (const auto& [key, object] : view->objects) {
      if (object.kind != of.kind || object.schedule != schedule) continue;
      WriteOfSchedule(object, &json);
      json.EndObject();
    }
    json.EndArray().EndObject();
    return HttpResponse::Json(200, std::move(body));
  }

  HttpResponse CreateOfSchedule(const Collection& of, HttpRequest& request) const {
    DirectoryChange change{DirectoryChange::Action::kCreate, of.kind, "", "", "", {}};
    change.schedule = request.path_params.at("name");
    change.name = deps_.random.Uuid().substr(0, 8);
    StatusOr<std::string> text = request.ReadBody(kMaxBody);
    if (!text.ok()) return Failed(text.status());
    change.text = *std::move(text);
    if (const Status done = deps_.edit(change, request.caller); !done.ok()) return Failed(done);
    const auto view = deps_.view();
    const auto made = view->objects.find(DirectoryKey(change.kind, change.schedule, change.name));
    // Deleted by somebody else already.
    if (made == view->objects.end()) return Failed(NotFound("it is gone again"));
    std::string body;
    JsonWriter json(&body);
    WriteOfSchedule(made->second, &json);
    WriteGaps(change.schedule, &json);
    json.EndObject();
    return HttpResponse::Json(201, std::move(body));
  }

  HttpResponse DeleteOfSchedule(const Collection& of, const HttpRequest& request) const {
    DirectoryChange change{DirectoryChange::Action::kDelete, of.kind, "", "", "", {}};
    change.schedule = request.path_params.at("name");
    change.name = request.path_params.at("id");
    if (const Status done = deps_.edit(change, request.caller); !done.ok()) return Failed(done);
    std::string body;
    JsonWriter json(&body);
    json.StartObject().Key("deleted").String(change.name);
    WriteGaps(change.schedule, &json);
    json.EndObject();
    return HttpResponse::Json(200, std::move(body));
  }

 private:
  static DirectoryChange ChangeOf(DirectoryChange::Action action, DirectoryKind kind,
                                  const HttpRequest& request) {
    return {action, kind, "", request.path_params.at("name"), "", {}};
  }

  HttpResponse Change(DirectoryChange change, const HttpRequest& request) const {
    const auto version = ReadIfMatch(request);
    if (!version.ok()) return Failed(version.status());
    change.version = *version;
    if (const Status done = deps_.edit(change, request.caller); !done.ok()) return Failed(done);
    if (change.action == DirectoryChange::Action::kDelete) return HttpResponse::Empty();
    return Answer(200, change.kind, change.name, request.caller);
  }

  HttpResponse Answer(int status, DirectoryKind kind, const std::string& name,
                      const Caller& caller) const {
    const auto view = deps_.view();
    const YamlNode* item = FindInTree(view->merged, kind, name);
    if (item == nullptr) {
      return Failed(NotFound(fmt::format("no {} {}", DirectoryKindText(kind), Quote(name))));
    }
    std::string body;
    JsonWriter json(&body);
    const uint64_t version = WriteItem(*view, kind, *item, caller, &json);
    if (kind == DirectoryKind::kSchedule) WriteGaps(name, &json);
    json.EndObject();
    HttpResponse response = HttpResponse::Json(status, std::move(body));
    if (version != 0) response.headers.emplace_back("ETag", fmt::format("\"{}\"", version));
    return response;
  }

  // An object left open; returns its version, 0 for one of the file.
  static uint64_t WriteItem(const DirectoryView& view, DirectoryKind kind, const YamlNode& item,
                            const Caller& caller, JsonWriter* json) {
    const YamlNode* found = item.Find("name");
    const std::string name = found == nullptr ? "" : found->scalar;
    const bool file = FindInTree(view.file, kind, name) != nullptr;
    const auto object = view.objects.find(DirectoryKey(kind, "", name));
    const bool api = !file && object != view.objects.end();
    json->StartObject().Key("name").String(name).Key("source").String(api ? "api" : "file");
    if (api) WriteMeta(object->second, json);
    json->Key("config");
    if (kind != DirectoryKind::kUser) {
      WriteTree(item, json);
    } else {
      // Where nobody has a role, who may change it may read it.
      const bool all = caller.role == Role::kAdmin;
      WriteTree(all ? MaskContacts(item) : PublicUser(item), json);
    }
    return api ? object->second.version : 0;
  }

  static void WriteMeta(const DirectoryObject& object, JsonWriter* json) {
    json->Key("version").Int(static_cast<int64_t>(object.version));
    json->Key("changed_by").String(object.changed_by);
    WriteTime("changed_at", object.changed_at, json);
  }

  static void WriteOfSchedule(const DirectoryObject& object, JsonWriter* json) {
    json->StartObject().Key("id").String(object.name);
    json->Key("schedule").String(object.schedule);
    WriteMeta(object, json);
    json->Key("config");
    const StatusOr<YamlNode> node = ParseYaml(object.text, "object");
    WriteTree(node.ok() ? *node : YamlNode{}, json);
  }

  void WriteGaps(const std::string& name, JsonWriter* json) const {
    const auto config = deps_.desk.config();
    const Nanos now = deps_.clock.NowNanos();
    json->Key("gaps").StartArray();
    for (const Schedule& schedule : config->schedules) {
      if (schedule.name != name) continue;
      for (const Segment& gap : Gaps(schedule, now, now + kPreview)) {
        json->StartObject();
        WriteTime("start", gap.start, json);
        json->Key("start_local").String(LocalText(gap.start, schedule.zone));
        WriteTime("end", gap.end, json);
        json->Key("end_local").String(LocalText(gap.end, schedule.zone));
        json->EndObject();
      }
    }
    json->EndArray();
  }

  const DirectoryApiDeps deps_;
};

}  // namespace

void RegisterDirectoryApi(Router& router, const DirectoryApiDeps& deps) {
  const auto api = std::make_shared<const Api>(deps);
  for (const Collection& of : kCollections) {
    const std::string all = fmt::format("/outrider/v1/{}", of.path);
    const std::string one = all + "/:name";
    router.Add("GET", all, [api, &of](HttpRequest& request) { return api->List(of, request); });
    router.Add("POST", all, [api, &of](HttpRequest& request) { return api->Create(of, request); });
    router.Add("GET", one, [api, &of](HttpRequest& request) { return api->Show(of, request); });
    router.Add("PUT", one, [api, &of](HttpRequest& request) { return api->Replace(of, request); });
    router.Add("DELETE", one,
               [api, &of](HttpRequest& request) { return api->Delete(of, request); });
  }
  for (const Collection& of : kChanges) {
    const std::string all = fmt::format("/outrider/v1/oncall/schedules/:name/{}", of.path);
    router.Add("GET", all,
               [api, &of](HttpRequest& request) { return api->ListOfSchedule(of, request); });
    router.Add("POST", all,
               [api, &of](HttpRequest& request) { return api->CreateOfSchedule(of, request); });
    router.Add("DELETE", all + "/:id",
               [api, &of](HttpRequest& request) { return api->DeleteOfSchedule(of, request); });
  }
}

}  // namespace outrider
