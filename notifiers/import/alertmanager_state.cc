// SPDX-License-Identifier: Apache-2.0
// protozero checks lengths and throws; this file turns what it throws into a Status.
#include "notifiers/import/alertmanager_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <protozero/pbf_reader.hpp>
#include <utility>

#include "storage/base/text.h"

namespace outrider {
namespace {

// Bytes below which no whole file can make us hold more than the file itself is long.
constexpr size_t kMostMatchers = 1000;

std::string_view View(protozero::data_view bytes) { return {bytes.data(), bytes.size()}; }

// google.protobuf.Timestamp; what lies outside of int64 nanoseconds is cut.
Nanos ReadTimestamp(protozero::pbf_reader reader) {
  int64_t seconds = 0;
  int64_t nanos = 0;
  while (reader.next()) {
    if (reader.tag_and_type() == protozero::tag_and_type(1, protozero::pbf_wire_type::varint)) {
      seconds = reader.get_int64();
    } else if (reader.tag_and_type() ==
               protozero::tag_and_type(2, protozero::pbf_wire_type::varint)) {
      nanos = reader.get_int32();
    } else {
      reader.skip();
    }
  }
  constexpr int64_t kMost = INT64_MAX / kNanosPerSecond - 1;
  return std::clamp(seconds, -kMost, kMost) * kNanosPerSecond +
         std::clamp<int64_t>(nanos, 0, kNanosPerSecond - 1);
}

struct WireMatcher {
  int32_t type = 0;
  std::string name;
  std::string pattern;
};

// Reads the fields of a message by number, whatever their order; a field of another wire type than
// it should have is an unknown one.
template <typename Visit>
void ForEachField(protozero::pbf_reader reader, Visit&& visit) {
  while (reader.next()) {
    if (!visit(reader)) reader.skip();
  }
}

bool IsBytes(const protozero::pbf_reader& reader) {
  return reader.wire_type() == protozero::pbf_wire_type::length_delimited;
}
bool IsVarint(const protozero::pbf_reader& reader) {
  return reader.wire_type() == protozero::pbf_wire_type::varint;
}

WireMatcher ReadMatcher(protozero::pbf_reader reader) {
  WireMatcher matcher;
  ForEachField(reader, [&](protozero::pbf_reader& field) {
    if (field.tag() == 1 && IsVarint(field)) {
      matcher.type = field.get_enum();
    } else if (field.tag() == 2 && IsBytes(field)) {
      matcher.name = field.get_string();
    } else if (field.tag() == 3 && IsBytes(field)) {
      matcher.pattern = field.get_string();
    } else {
      return false;
    }
    return true;
  });
  return matcher;
}

struct WireSilence {
  Silence silence;
  std::vector<WireMatcher> matchers;
  std::vector<std::vector<WireMatcher>> sets;
  bool of_receivers = false;
  std::string old_author;  // of the comments that were before created_by
  std::string old_comment;
};

std::vector<WireMatcher> ReadMatcherSet(protozero::pbf_reader reader) {
  std::vector<WireMatcher> matchers;
  ForEachField(reader, [&](protozero::pbf_reader& field) {
    if (field.tag() != 1 || !IsBytes(field) || matchers.size() >= kMostMatchers) return false;
    matchers.push_back(ReadMatcher(field.get_message()));
    return true;
  });
  return matchers;
}

void ReadAnnotation(protozero::pbf_reader reader, std::map<std::string, std::string>* out) {
  std::string key;
  std::string value;
  ForEachField(reader, [&](protozero::pbf_reader& field) {
    if (!IsBytes(field) || field.tag() > 2) return false;
    std::string& target = field.tag() == 1 ? key : value;  // the tag is gone once it is read
    target = field.get_string();
    return true;
  });
  (*out)[key] = value;
}

void ReadComment(protozero::pbf_reader reader, WireSilence* out) {
  ForEachField(reader, [&](protozero::pbf_reader& field) {
    if (!IsBytes(field) || field.tag() > 2) return false;
    std::string& target = field.tag() == 1 ? out->old_author : out->old_comment;
    target = field.get_string();
    return true;
  });
}

bool ReadSilenceField(protozero::pbf_reader& field, WireSilence* out) {
  if (!IsBytes(field)) return false;
  switch (field.tag()) {
    case 1:
      out->silence.id = field.get_string();
      return true;
    case 2:
      if (out->matchers.size() >= kMostMatchers) return false;
      out->matchers.push_back(ReadMatcher(field.get_message()));
      return true;
    case 3:
      out->silence.starts_at = ReadTimestamp(field.get_message());
      return true;
    case 4:
      out->silence.ends_at = ReadTimestamp(field.get_message());
      return true;
    case 5:
      out->silence.updated_at = ReadTimestamp(field.get_message());
      return true;
    case 7:
      ReadComment(field.get_message(), out);
      return true;
    case 8:
      out->silence.created_by = field.get_string();
      return true;
    case 9:
      out->silence.comment = field.get_string();
      return true;
    case 10:
      ReadAnnotation(field.get_message(), &out->silence.annotations);
      return true;
    case 11:
      if (out->sets.size() >= kMostMatchers) return false;
      out->sets.push_back(ReadMatcherSet(field.get_message()));
      return true;
    case 12:
      out->of_receivers = true;
      return false;
    default:
      return false;
  }
}

StatusOr<Matcher> MakeMatcher(WireMatcher wire) {
  constexpr MatchType kTypes[] = {MatchType::kEqual, MatchType::kRegex, MatchType::kNotEqual,
                                  MatchType::kNotRegex};
  if (wire.type < 0 || wire.type >= std::ssize(kTypes)) {
    return InvalidArgument(fmt::format("unknown type of matcher {}", wire.type));
  }
  return Matcher::Create(kTypes[wire.type], std::move(wire.name), std::move(wire.pattern),
                         Regex::Dot::kNoNewline);
}

StatusOr<Silence> MakeSilence(WireSilence wire) {
  Silence& silence = wire.silence;
  if (silence.id.empty()) return InvalidArgument("it has no id");
  if (wire.of_receivers) return InvalidArgument("it is of some receivers only");
  if (wire.sets.size() > 1) return InvalidArgument("it has several sets of matchers");
  if (wire.sets.size() == 1) wire.matchers = std::move(wire.sets.front());
  for (WireMatcher& matcher : wire.matchers) {
    silence.matchers.push_back(TRY(MakeMatcher(std::move(matcher))));
  }
  if (silence.created_by.empty()) silence.created_by = wire.old_author;
  if (silence.comment.empty()) silence.comment = wire.old_comment;
  TRY(ValidateSilence(silence));
  return std::move(silence);
}

void ReadReceiver(protozero::pbf_reader reader, ImportedLogEntry* out) {
  ForEachField(reader, [&](protozero::pbf_reader& field) {
    if (field.tag() == 1 && IsBytes(field)) {
      out->receiver = field.get_string();
    } else if (field.tag() == 2 && IsBytes(field)) {
      out->integration = field.get_string();
    } else if (field.tag() == 3 && IsVarint(field)) {
      out->index = field.get_uint32();
    } else {
      return false;
    }
    return true;
  });
}

// Packed or one by one.
bool ReadHashes(protozero::pbf_reader& field, std::vector<uint64_t>* out) {
  if (IsVarint(field)) {
    out->push_back(field.get_uint64());
    return true;
  }
  if (!IsBytes(field)) return false;
  for (const uint64_t hash : field.get_packed_uint64()) out->push_back(hash);
  return true;
}

ImportedLogEntry ReadEntry(protozero::pbf_reader reader, bool* found) {
  ImportedLogEntry entry;
  ForEachField(reader, [&](protozero::pbf_reader& field) {
    if (field.tag() == 6) return ReadHashes(field, &entry.firing);
    if (field.tag() == 7) return ReadHashes(field, &entry.resolved);
    if (!IsBytes(field)) return false;
    if (field.tag() == 1) {
      entry.group_key = field.get_string();
    } else if (field.tag() == 2) {
      ReadReceiver(field.get_message(), &entry);
    } else if (field.tag() == 5) {
      entry.told_at = ReadTimestamp(field.get_message());
    } else {
      return false;
    }
    *found = true;
    return true;
  });
  return entry;
}

// The messages of a file: each has its length before it.
StatusOr<std::vector<std::string_view>> SplitMessages(std::string_view bytes) {
  std::vector<std::string_view> messages;
  while (!bytes.empty()) {
    uint64_t length = 0;
    size_t used = 0;
    bool ended = false;
    while (!ended && used < bytes.size() && used < 10) {
      const auto byte = static_cast<uint8_t>(bytes[used]);
      if (used < 9 || byte <= 1) length |= uint64_t{byte & 0x7FU} << (7 * used);
      ended = byte < 0x80;
      ++used;
    }
    if (!ended || length > bytes.size() - used) {
      return absl::DataLossError(
          fmt::format("message {} is cut, or this is no such file", messages.size() + 1));
    }
    messages.push_back(bytes.substr(used, length));
    bytes.remove_prefix(used + length);
  }
  return messages;
}

// `inner` sees field 1 of each message, and the expiry of field 2.
template <typename Inner>
Status ForEachMessage(std::string_view bytes, Inner&& inner) {
  const std::vector<std::string_view> messages = TRY(SplitMessages(bytes));
  size_t number = 0;
  try {
    for (const std::string_view message : messages) {
      ++number;
      std::optional<std::string_view> content;
      Nanos expires = 0;
      ForEachField(protozero::pbf_reader(message.data(), message.size()),
                   [&](protozero::pbf_reader& field) {
                     if (!IsBytes(field) || field.tag() > 2) return false;
                     if (field.tag() == 1) {
                       content = View(field.get_view());
                     } else {
                       expires = ReadTimestamp(field.get_message());
                     }
                     return true;
                   });
      if (!content) return absl::DataLossError(fmt::format("message {} is empty", number));
      inner(protozero::pbf_reader(content->data(), content->size()), expires, number);
    }
  } catch (const protozero::exception& e) {
    return absl::DataLossError(fmt::format("message {}: {}", number, e.what()));
  }
  return absl::OkStatus();
}

}  // namespace

Status ReadSilencesFile(std::string_view bytes, ImportedState* state) {
  ImportedState read;
  TRY(ForEachMessage(bytes, [&](protozero::pbf_reader content, Nanos, size_t number) {
    WireSilence wire;
    ForEachField(content,
                 [&](protozero::pbf_reader& field) { return ReadSilenceField(field, &wire); });
    const std::string id = wire.silence.id;
    StatusOr<Silence> silence = MakeSilence(std::move(wire));
    if (silence.ok()) {
      read.silences.push_back(*std::move(silence));
    } else {
      read.skipped.push_back(
          fmt::format("silence {} (message {}): {}", id, number, Message(silence.status())));
    }
  }));
  std::ranges::move(read.silences, std::back_inserter(state->silences));
  std::ranges::move(read.skipped, std::back_inserter(state->skipped));
  return absl::OkStatus();
}

Status ReadLogFile(std::string_view bytes, ImportedState* state) {
  ImportedState read;
  TRY(ForEachMessage(bytes, [&](protozero::pbf_reader content, Nanos expires, size_t number) {
    bool found = false;
    ImportedLogEntry entry = ReadEntry(content, &found);
    entry.expires_at = expires;
    const bool whole = found && !entry.group_key.empty() && !entry.receiver.empty() &&
                       !entry.integration.empty() && IsValidUtf8(entry.group_key) &&
                       IsValidUtf8(entry.receiver) && IsValidUtf8(entry.integration);
    if (whole) {
      read.log.push_back(std::move(entry));
    } else {
      read.skipped.push_back(
          fmt::format("entry of the log (message {}): no group, receiver or integration", number));
    }
  }));
  std::ranges::move(read.log, std::back_inserter(state->log));
  std::ranges::move(read.skipped, std::back_inserter(state->skipped));
  return absl::OkStatus();
}

}  // namespace outrider
