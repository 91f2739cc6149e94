// SPDX-License-Identifier: Apache-2.0
// GET /outrider/v1/openapi.json: the description of everything under /outrider/v1, kept in
// openapi.json beside this file and embedded when built.
#pragma once

#include <string_view>

#include "exporter/http/server.h"

namespace outrider {

std::string_view OpenApiDocument();
void RegisterOpenApi(Router& router);

}  // namespace outrider
