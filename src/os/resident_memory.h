#pragma once

namespace sma {

/// Gives back the pages of program text and constants that starting has touched: most are never needed again, and those
/// that are come back from the page cache by themselves.
void release_start_up_pages();

}  // namespace sma
