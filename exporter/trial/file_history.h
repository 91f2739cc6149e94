// SPDX-License-Identifier: Apache-2.0
// History from text files (exposition_file.h), all of it in memory.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "exporter/trial/exposition_file.h"
#include "exporter/trial/history_source.h"

namespace outrider {

class FileHistory final : public HistorySource {
 public:
  static StatusOr<std::unique_ptr<FileHistory>> Open(const std::vector<std::string>& paths,
                                                     std::vector<std::string>* warnings = nullptr);
  explicit FileHistory(SampleTable table);

  // Of all samples; InvalidArgument when there are none.
  struct Extent {
    Timestamp first = 0;
    Timestamp last = 0;
  };
  StatusOr<Extent> TimesCovered() const;

  StatusOr<std::unique_ptr<HistoryPiece>> Fetch(std::vector<HistoryQuery> queries) override;

 private:
  std::shared_ptr<const SampleTable> table_;
};

}  // namespace outrider
