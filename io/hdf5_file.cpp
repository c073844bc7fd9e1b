ACCESS
/// File access: earliest format, no chunk cache (chunks are written whole), metadata kept until we flush.
hid_t access_properties(bool write) {
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
  H5Pset_file_locking(access, write, true);
  if (!write) return access;
  H5Pset_libver_bounds(access, H5F_LIBVER_EARLIEST, H5F_LIBVER_LATEST);
  H5Pset_cache(access, 0, 1, 0, 0);
  H5AC_cache_config_t cache{};
  cache.version = H5AC__CURR_CACHE_CONFIG_VERSION;
  H5Pget_mdc_config(access, &cache);
  cache.set_initial_size = true;
  cache.initial_size = cache.max_size = 64 << 20;
  cache.evictions_enabled = false;
  cache.incr_mode = H5C_incr__off;
  cache.flash_incr_mode = H5C_flash_incr__off;
  cache.decr_mode = H5C_decr__off;
  if (H5Pset_mdc_config(access, &cache) < 0)
    throw Error(ErrorKind::internal, "HDF5: cannot keep metadata in memory: " + library_reason());
  return access;
}

