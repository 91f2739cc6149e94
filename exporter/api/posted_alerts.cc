// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/posted_alerts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "exporter/api/am_common.h"
#include "storage/base/json_plain.h"
#include "storage/base/json_reader.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxErrors = 100;

// What is being read.
enum class Place {
  kStart,        // nothing yet
  kList,         // the array
  kAlert,        // an object in it
  kLabels,       // the two maps of an alert
  kAnnotations,  // …
  kEnd,
};
enum class Field { kLabels, kAnnotations, kGeneratorUrl, kStartsAt, kEndsAt, kOther };

struct FieldName {
  std::string_view name;
  Field field;
};
constexpr FieldName kFields[] = {{"labels", Field::kLabels},
                                 {"annotations", Field::kAnnotations},
                                 {"startsAt", Field::kStartsAt},
                                 {"endsAt", Field::kEndsAt},
                                 {"generatorURL", Field::kGeneratorUrl}};

std::string_view KindText(JsonValue::Kind kind) {
  switch (kind) {
    case JsonValue::Kind::kNull:
      return "null";
    case JsonValue::Kind::kBool:
      return "bool";
    case JsonValue::Kind::kNumber:
      return "number";
    case JsonValue::Kind::kString:
      return "string";
    case JsonValue::Kind::kArray:
      return "array";
    case JsonValue::Kind::kObject:
      return "object";
  }
  return "";
}

BodyRefusal BadBody(std::string_view why) {
  return {400, 400, fmt::format("parsing alerts body from \"\" failed, because {}", why)};
}

// A name that no label or annotation may have. A label without a value is none, so its name does
// not matter; an annotation without one is one. The texts are Alertmanager's.
std::string NameProblem(const IncomingAlerts& alerts, MatcherMode mode) {
  const auto problem = [mode](std::span<const LabelView> pairs, std::string_view what,
                              bool empty_counts) {
    const auto found = std::ranges::find_if(pairs, [&](const LabelView& pair) {
      return (empty_counts || !pair.value.empty()) && !IsLabelNameIn(mode, pair.name);
    });
    return found == pairs.end()
               ? std::string()
               : fmt::format("invalid {}: invalid name {}", what, Quote(found->name));
  };
  std::string text = problem(alerts.labels(), "label set", /*empty_counts=*/false);
  return text.empty() ? problem(alerts.annotations(), "annotations", /*empty_counts=*/true) : text;
}

class BodyReader final : public JsonEvents {
 public:
  BodyReader(MatcherMode mode, PostedAlerts* posted) : mode_(mode), posted_(*posted) {}

  bool OnKey(std::string_view key) override;
  bool OnString(std::string_view text) override;
  bool OnScalar(JsonValue::Kind kind) override;
  bool OnOpen(JsonValue::Kind kind) override;
  bool OnClose() override;

  bool empty() const { return place_ == Place::kStart; }  // there was no list
  // The first of each: what cannot be decoded at all comes before what is only incomplete.
  const std::optional<BodyRefusal>& undecodable() const { return undecodable_; }
  const std::optional<BodyRefusal>& incomplete() const { return incomplete_; }

 private:
  void Undecodable(std::string_view why) {
    if (!undecodable_) undecodable_ = BadBody(why);
  }
  void WrongKind(JsonValue::Kind got, std::string_view where, std::string_view wanted) {
    Undecodable(
        fmt::format("json: cannot unmarshal {} into {} of type {}", KindText(got), where, wanted));
  }
  void Incomplete(int code, std::string_view what) {
    if (!incomplete_) incomplete_ = {422, code, fmt::format("{}.{}", index_, what)};
  }
  void Unexpected(JsonValue::Kind kind);
  void TakeText(std::string_view text);
  void FinishAlert();

  const MatcherMode mode_;
  PostedAlerts& posted_;
  Place place_ = Place::kStart;
  Field field_ = Field::kOther;
  std::string_view key_;  // in a map
  int skipped_ = 0;       // open brackets of a member that nobody wants
  size_t index_ = 0;      // of the alert
  bool has_labels_ = false;
  AlertTime starts_at_;
  AlertTime ends_at_;
  std::optional<BodyRefusal> undecodable_;
  std::optional<BodyRefusal> incomplete_;
};

bool BodyReader::OnKey(std::string_view key) {
  if (skipped_ > 0) return true;
  if (place_ != Place::kAlert) {
    key_ = key;
    return true;
  }
  const auto* const known = std::ranges::find(kFields, key, &FieldName::name);
  field_ = known == std::end(kFields) ? Field::kOther : known->field;
  return true;
}

void BodyReader::TakeText(std::string_view text) {
  switch (field_) {
    case Field::kGeneratorUrl:
      posted_.alerts.SetGeneratorUrl(text);
      if (!text.empty() && !IsRequestUri(text)) {
        Incomplete(601, fmt::format("generatorURL in body must be of type uri: {}", Quote(text)));
      }
      return;
    case Field::kStartsAt:
    case Field::kEndsAt: {
      const StatusOr<AlertTime> time = ParseAmTime(text);
      if (!time.ok()) {
        Undecodable(Message(time.status()));
        return;
      }
      (field_ == Field::kStartsAt ? starts_at_ : ends_at_) = *time;
      return;
    }
    case Field::kLabels:
    case Field::kAnnotations:
      WrongKind(JsonValue::Kind::kString, "an alert's labels", "map[string]string");
      return;
    case Field::kOther:
      return;
  }
}

bool BodyReader::OnString(std::string_view text) {
  if (skipped_ > 0) return true;
  switch (place_) {
    case Place::kLabels:
      posted_.alerts.AddLabel(key_, text);
      return true;
    case Place::kAnnotations:
      posted_.alerts.AddAnnotation(key_, text);
      return true;
    case Place::kAlert:
      TakeText(text);
      return true;
    case Place::kStart:
    case Place::kList:
    case Place::kEnd:
      Unexpected(JsonValue::Kind::kString);
      return true;
  }
  return true;
}

void BodyReader::Unexpected(JsonValue::Kind kind) {
  if (place_ == Place::kList) {
    WrongKind(kind, "an alert", "models.PostableAlert");
  } else {
    WrongKind(kind, "the body", "models.PostableAlerts");
  }
}

bool BodyReader::OnScalar(JsonValue::Kind kind) {
  if (skipped_ > 0) return true;
  const bool null = kind == JsonValue::Kind::kNull;
  switch (place_) {
    case Place::kLabels:
    case Place::kAnnotations:
      // As in Go, null is the empty text.
      return null ? OnString("") : (WrongKind(kind, "a label", "string"), true);
    case Place::kAlert:
      if (!null && field_ != Field::kOther) WrongKind(kind, "an alert's field", "string");
      return true;
    case Place::kStart:
      if (!null) Unexpected(kind);
      return true;
    case Place::kList:
      if (!null) Unexpected(kind);
      ++index_;
      return true;
    case Place::kEnd:
      return true;
  }
  return true;
}

bool BodyReader::OnOpen(JsonValue::Kind kind) {
  const bool object = kind == JsonValue::Kind::kObject;
  if (skipped_ > 0) {
    ++skipped_;
  } else if (place_ == Place::kStart && !object) {
    place_ = Place::kList;
  } else if (place_ == Place::kList && object) {
    place_ = Place::kAlert;
    posted_.alerts.Begin();
    has_labels_ = false;
    starts_at_ = {};
    ends_at_ = {};
    field_ = Field::kOther;
  } else if (place_ == Place::kAlert && object && field_ == Field::kLabels) {
    place_ = Place::kLabels;
    has_labels_ = true;
  } else if (place_ == Place::kAlert && object && field_ == Field::kAnnotations) {
    place_ = Place::kAnnotations;
  } else {
    if (place_ == Place::kAlert) {
      if (field_ != Field::kOther) WrongKind(kind, "an alert's field", "string");
    } else if (place_ == Place::kLabels || place_ == Place::kAnnotations) {
      WrongKind(kind, "a label", "string");
    } else {
      Unexpected(kind);
    }
    skipped_ = 1;
  }
  return true;
}

bool BodyReader::OnClose() {
  if (skipped_ > 0) {
    --skipped_;
  } else if (place_ == Place::kLabels || place_ == Place::kAnnotations) {
    place_ = Place::kAlert;
  } else if (place_ == Place::kAlert) {
    FinishAlert();
    place_ = Place::kList;
    ++index_;
  } else {
    place_ = Place::kEnd;
  }
  return true;
}

void BodyReader::FinishAlert() {
  if (!has_labels_) Incomplete(602, "labels in body is required");
  std::string problem = NameProblem(posted_.alerts, mode_);
  if (!has_labels_ || !problem.empty()) {
    if (!problem.empty() && posted_.errors.size() < kMaxErrors) {
      posted_.errors.push_back(std::move(problem));  // the others are stored nevertheless
    }
    posted_.alerts.Discard();
    return;
  }
  posted_.alerts.SetTimes(starts_at_, ends_at_);
  posted_.alerts.End();
}

BodyRefusal NoAlerts() { return {422, 602, "alerts in body is required"}; }

std::optional<BodyRefusal> Verdict(const BodyReader& reader) {
  if (reader.undecodable()) return reader.undecodable();
  if (reader.empty()) return std::nullopt;  // null is a list of none, as in Go
  return reader.incomplete();
}

bool IsHex(char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }

}  // namespace

bool IsRequestUri(std::string_view text) {
  if (text.empty()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == 0x7f) return false;
  }
  size_t colon = 0;
  if (text[0] != '/') {
    const auto is_scheme = [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-' || c == '.';
    };
    if (std::isalpha(static_cast<unsigned char>(text[0])) == 0) return false;
    while (colon < text.size() && is_scheme(text[colon])) ++colon;
    if (colon == text.size() || text[colon] != ':') return false;
    ++colon;
  }
  const std::string_view rest = text.substr(colon, text.find('?') - colon);
  for (size_t i = rest.find('%'); i != std::string_view::npos; i = rest.find('%', i + 1)) {
    if (i + 2 >= rest.size() || !IsHex(rest[i + 1]) || !IsHex(rest[i + 2])) return false;
  }
  if (!rest.starts_with("//")) return true;
  const std::string_view host = rest.substr(2, rest.find('/', 2) - 2);
  return host.find_first_of(" \"<>\\^`{|}") == std::string_view::npos;
}

std::optional<BodyRefusal> ReadPostedAlerts(std::string* body, MatcherMode mode,
                                            PostedAlerts* posted) {
  static constexpr std::string_view kSpace = " \t\r\n";
  if (body->find_first_not_of(kSpace) == std::string::npos) return NoAlerts();
  BodyReader plain(mode, posted);
  if (PlainJsonReader(*body, &posted->unescaped, plain).Read()) return Verdict(plain);
  *posted = {};
  BodyReader reader(mode, posted);
  const Status read = ReadJson(body, reader);
  return read.ok() ? Verdict(reader) : BadBody(Message(read));
}

}  // namespace outrider
