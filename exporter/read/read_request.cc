// SPDX-License-Identifier: Apache-2.0
#include "exporter/read/read_request.h"

#include <fmt/format.h>

#include <string>

#include "exporter/ingest/wire_reader.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// Each costs a walk through the index, and no client sends more than a handful.
constexpr size_t kMostQueries = 1000;

StatusOr<Matcher> ReadMatcher(WireReader reader, const WireError& error) {
  uint64_t type = 0;
  std::string_view name;
  std::string_view value;
  while (reader.Next()) {
    switch (reader.tag()) {
      case WireTag(1, kWireVarint):
        type = reader.Varint();
        break;
      case WireTag(2, kWireBytes):
        name = reader.Bytes();
        break;
      case WireTag(3, kWireBytes):
        value = reader.Bytes();
        break;
      default:
        reader.SkipUnknown("LabelMatcher", 3);
    }
  }
  TRY(error.ToStatus());
  constexpr MatchType kTypes[] = {MatchType::kEqual, MatchType::kNotEqual, MatchType::kRegex,
                                  MatchType::kNotRegex};
  if (type >= std::size(kTypes)) return InvalidArgument("invalid matcher type");
  if (!IsValidUtf8(name) || !IsValidUtf8(value))
    return InvalidArgument("a matcher's name or value is not valid UTF-8");
  return Matcher::Create(kTypes[type], std::string(name), std::string(value));
}

StatusOr<ReadQuery> ReadOneQuery(WireReader reader, const WireError& error) {
  ReadQuery query;
  while (reader.Next()) {
    switch (reader.tag()) {
      case WireTag(1, kWireVarint):
        query.start = reader.Int64();
        break;
      case WireTag(2, kWireVarint):
        query.end = reader.Int64();
        break;
      case WireTag(3, kWireBytes):
        query.matchers.push_back(TRY(ReadMatcher(reader.Message(), error)));
        break;
      case WireTag(4, kWireBytes):
        reader.Bytes();
        break;
      default:
        reader.SkipUnknown("Query", 4);
    }
  }
  TRY(error.ToStatus());
  return query;
}

// The first type that we know.
StatusOr<ReadResponseType> Negotiate(const std::vector<uint64_t>& accepted) {
  std::vector<std::string> texts;
  for (const uint64_t type : accepted) {
    if (type <= 1) return static_cast<ReadResponseType>(type);
    texts.push_back(fmt::to_string(static_cast<int32_t>(type)));
  }
  if (accepted.empty()) return ReadResponseType::kSamples;
  return InvalidArgument(
      fmt::format("server does not support any of the requested response types: [{}]; supported: "
                  "map[SAMPLES:{{}} STREAMED_XOR_CHUNKS:{{}}]",
                  Join(texts, " ")));
}

}  // namespace

StatusOr<ReadRequest> DecodeReadRequest(std::string_view body) {
  WireError error;
  WireReader reader(body, &error);
  ReadRequest request;
  std::vector<uint64_t> accepted;
  while (reader.Next()) {
    switch (reader.tag()) {
      case WireTag(1, kWireBytes):
        if (request.queries.size() == kMostQueries)
          return InvalidArgument(fmt::format("more than {} queries", kMostQueries));
        request.queries.push_back(TRY(ReadOneQuery(reader.Message(), error)));
        break;
      case WireTag(2, kWireVarint):
        accepted.push_back(reader.Varint());
        break;
      case WireTag(2, kWireBytes): {  // packed
        WireReader packed = reader.Message();
        while (!packed.AtEnd()) accepted.push_back(packed.Varint());
        break;
      }
      default:
        reader.SkipUnknown("ReadRequest", 2);
    }
  }
  TRY(error.ToStatus());
  request.response_type = TRY(Negotiate(accepted));
  return request;
}

}  // namespace outrider
