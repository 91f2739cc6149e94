// SPDX-License-Identifier: Apache-2.0
// An attribute's value as text. The decoder limits the nesting, so recursion is bounded.
#include <algorithm>
#include <cmath>
#include <map>

#include "exporter/ingest/otlp_attributes.h"
#include "fmt/format.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

using wire::otlp::AnyValue;

// As JSON writes numbers: an exponent below 1e-6 and from 1e21, without a leading zero.
std::string DoubleText(double value) {
  if (!std::isfinite(value)) {
    return fmt::format("json: unsupported value: {}", FormatFloatG(value));
  }
  std::string text = FormatSampleValue(value);
  const size_t zero = text.find("e-0");
  if (zero != std::string::npos) text.erase(zero + 2, 1);
  return text;
}

// False: there is a number that JSON cannot hold.
bool Write(const AnyValue& value, JsonWriter* json) {
  switch (value.value_case()) {
    case AnyValue::kStringValue:
      json->String(value.string_value());
      return true;
    case AnyValue::kBoolValue:
      json->Bool(value.bool_value());
      return true;
    case AnyValue::kIntValue:
      json->Int(value.int_value());
      return true;
    case AnyValue::kDoubleValue:
      json->Raw(DoubleText(value.double_value()));
      return std::isfinite(value.double_value());
    case AnyValue::kBytesValue:
      json->String(Base64Encode(value.bytes_value()));
      return true;
    case AnyValue::kArrayValue: {
      json->StartArray();
      const auto& items = value.array_value().values();
      const bool fine = std::all_of(items.begin(), items.end(),
                                    [&](const AnyValue& item) { return Write(item, json); });
      json->EndArray();
      return fine;
    }
    case AnyValue::kKvlistValue: {
      std::map<std::string_view, const AnyValue*> members;
      for (const auto& member : value.kvlist_value().values()) {
        members[member.key()] = &member.value();
      }
      json->StartObject();
      const bool fine = std::all_of(members.begin(), members.end(), [&](const auto& member) {
        return Write(*member.second, &json->Key(member.first));
      });
      json->EndObject();
      return fine;
    }
    case AnyValue::VALUE_NOT_SET:
      break;
  }
  json->Null();
  return true;
}

}  // namespace

std::string OtlpValueText(const AnyValue& value) {
  switch (value.value_case()) {
    case AnyValue::kStringValue:
      return value.string_value();
    case AnyValue::kBoolValue:
      return value.bool_value() ? "true" : "false";
    case AnyValue::kIntValue:
      return std::to_string(value.int_value());
    case AnyValue::kDoubleValue:
      return DoubleText(value.double_value());
    case AnyValue::kBytesValue:
      return Base64Encode(value.bytes_value());
    case AnyValue::kArrayValue:
    case AnyValue::kKvlistValue: {
      std::string text;
      JsonWriter json(&text);
      return Write(value, &json) ? text : "";
    }
    case AnyValue::VALUE_NOT_SET:
      break;
  }
  return "";
}

}  // namespace outrider
