// SPDX-License-Identifier: Apache-2.0
// The files of catalogue/ as they stand there, embedded by CMake (catalogue_data.cc.in).
#pragma once

#include <string_view>

namespace outrider {

std::string_view AwsNodesCsv();
std::string_view AzureNodesCsv();
std::string_view FamiliesCsv();
std::string_view GpusCsv();
std::string_view StorageCsv();
std::string_view ServicesCsv();
std::string_view CarbonCsv();

}  // namespace outrider
