// SPDX-License-Identifier: Apache-2.0
// Sections that are accepted so that files load unchanged, checked as Alertmanager checks them;
// they do nothing here. Source: specs/alertmanager.md §1 "tracing", "event_recorder".
#include <fmt/format.h>

#include <array>

#include "notifiers/config/schema.h"
#include "notifiers/config/sections.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kSchema =
    "tracing{client_type endpoint sampling_fraction insecure:b tls_config:T headers:x compression "
    "timeout:d} "
    "event_recorder{file_outputs[path] webhook_outputs[url:S http_config:H timeout:d workers:i "
    "max_retries:i retry_backoff:d batch:b batch_max_events:i batch_max_bytes:* "
    "batch_flush_interval:d] kafka_outputs[brokers:l topic client_id format acks compression "
    "buffer_size:i tls_config:T] stdout_outputs:*}";

std::string TextOf(const YamlNode& map, std::string_view key) {
  return IsSet(map, key) ? map.Find(key)->scalar : std::string();
}

Status CheckTracing(const YamlNode& tracing, const SectionContext& context) {
  if (!tracing.IsMap()) return absl::OkStatus();
  const std::string type = TextOf(tracing, "client_type");
  if (!type.empty() && type != "http" && type != "grpc") {
    return context.Error(*tracing.Find("client_type"),
                         fmt::format("the tracing client type must be http or grpc, not {}", type));
  }
  if (!IsSet(tracing, "endpoint")) return context.Error(tracing, "tracing endpoint must be set");
  const std::string compression = TextOf(tracing, "compression");
  if (!compression.empty() && compression != "gzip") {
    return context.Error(
        *tracing.Find("compression"),
        fmt::format("invalid compression type {} provided, valid options: gzip", compression));
  }
  return absl::OkStatus();
}

struct Choice {
  std::string_view key;
  std::array<std::string_view, 5> values;
};
constexpr Choice kKafkaChoices[] = {{"acks", {"none", "leader", "all"}},
                                    {"format", {"json", "protobuf"}},
                                    {"compression", {"none", "gzip", "snappy", "lz4", "zstd"}}};

Status CheckKafka(const YamlNode& output, const SectionContext& context) {
  const YamlNode* brokers = output.Find("brokers");
  if (brokers == nullptr || brokers->items.empty()) {
    return context.Error(output, "kafka: at least one broker is required");
  }
  for (const YamlNode& broker : brokers->items) {
    if (broker.scalar.empty()) {
      return context.Error(broker, "kafka: broker entries must be non-empty");
    }
  }
  for (const Choice& choice : kKafkaChoices) {
    const std::string value = TextOf(output, choice.key);
    bool known = value.empty();
    for (const std::string_view allowed : choice.values) known = known || value == allowed;
    if (!known) {
      return context.Error(*output.Find(choice.key),
                           fmt::format("kafka: unknown {} {}", choice.key, Quote(value)));
    }
  }
  if (!IsSet(output, "topic")) {
    return context.Error(output, "event_recorder kafka output requires a topic");
  }
  return absl::OkStatus();
}

Status CheckRecorder(const YamlNode& recorder, const SectionContext& context) {
  for (const auto& [kind, key] : {std::pair{"file", "path"}, std::pair{"webhook", "url"}}) {
    const YamlNode* outputs = recorder.Find(fmt::format("{}_outputs", kind));
    if (outputs == nullptr) continue;
    for (const YamlNode& output : outputs->items) {
      if (IsSet(output, key)) continue;
      return context.Error(output,
                           fmt::format("event_recorder {} output requires a {}", kind, key));
    }
  }
  const YamlNode* outputs = recorder.Find("kafka_outputs");
  if (outputs == nullptr) return absl::OkStatus();
  for (const YamlNode& output : outputs->items) TRY(CheckKafka(output, context));
  return absl::OkStatus();
}

}  // namespace

Status ParseForeignSections(YamlReader* reader, const SectionContext& context,
                            AlertmanagerConfig* config) {
  YamlNode foreign;
  foreign.kind = YamlNode::Kind::kMap;
  for (const char* key : {"tracing", "event_recorder"}) {
    const YamlNode* section = reader->Child(key);
    if (section == nullptr) continue;
    YamlNode name;
    name.kind = YamlNode::Kind::kScalar;
    name.scalar = key;
    foreign.entries.push_back({std::move(name), *section});
    config->warnings.push_back(fmt::format("{}: section {} has no effect", context.file, key));
  }
  TRY(CheckSchema(foreign, kSchema, context.file, "type config"));
  if (const YamlNode* tracing = foreign.Find("tracing")) TRY(CheckTracing(*tracing, context));
  if (const YamlNode* recorder = foreign.Find("event_recorder")) {
    TRY(CheckRecorder(*recorder, context));
  }
  return absl::OkStatus();
}

}  // namespace outrider
