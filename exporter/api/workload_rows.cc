// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/workload_rows.h"

namespace outrider {

void WriteNumber(std::string_view key, const std::optional<double>& value, JsonWriter* json) {
  json->Key(key);
  if (value) {
    json->Double(*value);
  } else {
    json->Null();
  }
}

void WriteKey(const WorkloadKey& key, JsonWriter* json) {
  json->Key("namespace").String(key.namespace_name).Key("workload").String(key.workload);
  json->Key("workload_kind").String(key.workload_kind);
}

HttpResponse RowsResponse(std::string head, JsonPieces rows) {
  HttpResponse response = HttpResponse::Json(200, std::move(head));
  const auto next = [rows = std::move(rows)](std::string* out) {
    if (rows(out)) return true;
    *out += '}';
    return false;
  };
  JsonPieces pieces = next;
  if (pieces(&response.body)) response.stream = std::move(pieces);
  return response;
}

}  // namespace outrider
