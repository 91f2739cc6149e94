// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/v2_rows.h"

#include <algorithm>

#include "storage/window/series_identity.h"

namespace outrider {

// A label with an empty value is none.
Hash128 V2Rows::IdentityOfRefs(const std::vector<uint64_t>& hashes, uint64_t seed) const {
  IdentityBuilder builder(seed);
  const std::span<const uint32_t> refs = decoder_.refs();
  for (size_t i = 0; i + 1 < refs.size(); i += 2) {
    if (!decoder_.symbols()[refs[i + 1]].empty()) builder.Add(hashes[refs[i]], hashes[refs[i + 1]]);
  }
  return builder.Build();
}

// Senders repeat it with every series of a metric.
void V2Rows::NoteMetadata() {
  const auto name = std::find_if(series_.labels.begin(), series_.labels.end(),
                                 [](const LabelView& label) { return label.name == kMetricName; });
  if (name == series_.labels.end() || series_.bad_refs) return;
  const IncomingMetadata& metadata = series_.metadata;
  if (noted_.insert({name->value.data(), metadata.help.data(), metadata.unit.data(), metadata.type})
          .second) {
    described_.push_back({name->value, metadata});
  }
}

Status V2Rows::Parse(std::string_view body, uint64_t seed) {
  Clear();
  messages_.clear();
  described_.clear();
  noted_.clear();
  TRY(decoder_.Open(body));
  const std::vector<uint64_t>& hashes = decoder_.SymbolHashes(seed);
  while (TRY(decoder_.Next(&series_))) {
    if (series_.has_metadata) NoteMetadata();
    KeyedRow row;
    row.begin = static_cast<uint32_t>(samples_.size());
    AddStarts(series_.start_times, series_.samples.size());
    samples_.insert(samples_.end(), series_.samples.begin(), series_.samples.end());
    row.end = static_cast<uint32_t>(samples_.size());
    // What is to be refused is looked at by its labels.
    const bool whole = !series_.bad_refs && !series_.too_many_labels && row.end > row.begin;
    if (whole) row.key = IdentityOfRefs(hashes, seed);
    rows_.push_back(row);
    messages_.push_back(decoder_.message());
    special_.push_back(series_.exemplars.empty() && series_.histograms.empty() ? 0 : 1);
  }
  return absl::OkStatus();
}

}  // namespace outrider
