// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/v2_rows.h"

#include <algorithm>

namespace outrider {

// A label with an empty value is none.
Hash128 V2Rows::IdentityOfRefs(uint64_t seed) {
  IdentityBuilder builder(seed);
  const std::span<const uint32_t> refs = decoder_.refs();
  for (size_t i = 0; i + 1 < refs.size(); i += 2) {
    const SymbolPairs::Pair& pair = pairs_.Of(refs[i], refs[i + 1]);
    if (!pair.empty) builder.AddPart(pair.part);
  }
  return builder.Build();
}

// Senders repeat it with every series of a metric, which mostly stand together.
void V2Rows::NoteMetadata(std::string_view metric, const IncomingMetadata& metadata) {
  const Note note{metric.data(), metadata.help.data(), metadata.unit.data(), metadata.type};
  if (note == last_note_) return;
  last_note_ = note;
  if (noted_.insert(note).second) described_.push_back({metric, metadata});
}

Status V2Rows::ReadAny(std::string_view message, uint64_t seed) {
  TRY(decoder_.Read(message, &series_));
  if (series_.has_metadata && !series_.bad_refs) {
    const auto name = std::find_if(series_.labels.begin(), series_.labels.end(),
                                   [](const LabelView& one) { return one.name == kMetricName; });
    if (name != series_.labels.end()) NoteMetadata(name->value, series_.metadata);
  }
  const size_t begin = samples_.size();
  AddStarts(series_.start_times, series_.samples.size());
  samples_.insert(samples_.end(), series_.samples.begin(), series_.samples.end());
  // What is to be refused is looked at by its labels.
  const bool whole = !series_.bad_refs && !series_.too_many_labels && !series_.samples.empty();
  AddRow(whole ? IdentityOfRefs(seed) : Hash128(), begin,
         !series_.exemplars.empty() || !series_.histograms.empty());
  return absl::OkStatus();
}

Status V2Rows::Parse(std::string_view body, uint64_t seed) {
  Clear();
  described_.clear();
  noted_.clear();
  last_note_ = {};
  TRY(decoder_.Open(body));
  pairs_.Start(decoder_.symbols(), seed);
  for (const std::string_view message : decoder_.messages()) {
    if (!ReadPlain(message, seed)) TRY(ReadAny(message, seed));
  }
  return absl::OkStatus();
}

}  // namespace outrider
