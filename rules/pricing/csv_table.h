// SPDX-License-Identifier: Apache-2.0
// Comma-separated text with a header line, read strictly: quotes as in RFC 4180, `#` lines are
// comments, errors name file:line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/base/status.h"

namespace outrider {

class CsvTable {
 public:
  struct Row {
    int line = 0;  // 1-based
    std::vector<std::string> cells;
  };

  // InvalidArgument for a row with another number of cells than the header, an open quote, a text
  // without header, two columns of one name.
  static StatusOr<CsvTable> Parse(std::string_view text, const std::string& file);

  const std::vector<Row>& rows() const { return rows_; }
  bool Has(std::string_view column) const;
  // The cell, blanks at its ends removed; "" for a column that is not there.
  std::string_view Get(const Row& row, std::string_view column) const;
  const std::string& file() const { return file_; }
  Status Error(const Row& row, std::string_view column, const std::string& message) const;

 private:
  std::string file_;
  std::vector<std::string> columns_;
  std::vector<Row> rows_;
};

}  // namespace outrider
