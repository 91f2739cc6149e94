// SPDX-License-Identifier: Apache-2.0
// Local times are of storage/base.
#pragma once

#include "storage/base/local_time.h"
