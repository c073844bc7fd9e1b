// A contact sheet: the first items of each class of a data set, side by side.
#pragma once

#include <string>

#include "io/plot.hpp"
#include "learning/datasets/loader.hpp"

namespace synfire {

/// An item as a picture: the image, the accumulated events, or the raster of a cochlea.
plot::Image item_image(const DataItem& item, const ItemShape& shape);

/// Draws one row for each class with up to `columns` training items (test items where there are none for
/// training). Errors: as plot::Drawing and DataSet::item; more than 100 classes.
void draw_sheet(const std::string& path, const ChosenItems& items, std::size_t columns, bool overwrite);

}  // namespace synfire
