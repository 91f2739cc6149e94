// SPDX-License-Identifier: Apache-2.0
// What the pages share: head and style, tables, the headers of the answer.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/http/server.h"

namespace outrider {

// Everything up to and including <body>. `refresh_seconds` 0: the page stays as it is.
std::string PageHead(std::string_view title, int refresh_seconds);
HttpResponse PageResponse(int status, std::string page);

// A heading and a table; `rows` are ready cells, `empty` is said when there are none.
void AppendTable(std::string_view title, std::initializer_list<std::string_view> columns,
                 const std::vector<std::vector<std::string>>& rows, std::string_view empty,
                 uint64_t left_out, std::string* out);

// `3d 4h`, `5m 10s`, `0s`: the two largest parts.
std::string ShortAge(int64_t nanos);

}  // namespace outrider
