"""What of Keras's tests konv does not mean to pass, by name and with the reason; `table.judge` keeps this list true."""

# a reason: the tests, as `file::class::test`, with * for anything
_TESTS = {
    "LoRA: konv trains whole kernels": """
        saving_lib_test.py::*::test_h5_io_store_lora
        conv_test.py::*::test_enable_*
        conv_test.py::*::test_lora_*
        dense_test.py::*::test_enable_*
        dense_test.py::*::test_int4_block_size_with_*
        dense_test.py::*::test_lora_*
        dense_test.py::*::test_quantize_lora_*
    """,
    "quantization: konv computes in float32 alone": """
        layer_test.py::*::test_gptq_quantization_by_setting_dtype
        layer_test.py::*::test_not_implemented_error_float8_call
        layer_test.py::*::test_not_implemented_error_int8_call
        layer_test.py::*::test_not_implemented_error_quantize*
        layer_test.py::*::test_quantized_layer_with_remat
        dense_test.py::*::test_awq_*
        dense_test.py::*::test_dense_int4_custom_quantizer
        dense_test.py::*::test_dense_int8_*
        dense_test.py::*::test_dense_quantize_*
        dense_test.py::*::test_gptq_*
        dense_test.py::*::test_int4_awq_kernel_returns_unpacked_form
        dense_test.py::*::test_int4_block_size_serialization_*
        dense_test.py::*::test_int4_gptq_kernel_returns_unpacked_form
        dense_test.py::*::test_int4_grouped_vs_perchannel_scale_shapes
        dense_test.py::*::test_int4_kernel_returns_unpacked_form
        dense_test.py::*::test_int4_perchannel_no_g_idx
        dense_test.py::*::test_int4_quantization_*
        dense_test.py::*::test_int4_subchannel_*
        dense_test.py::*::test_legacy_load_own_variables
        dense_test.py::*::test_quantize_by_*
        dense_test.py::*::test_quantize_dtype_*
        dense_test.py::*::test_quantize_float*
        dense_test.py::*::test_quantize_int_*
        dense_test.py::*::test_quantize_invalid_*
        dense_test.py::*::test_quantize_on_*
        dense_test.py::*::test_quantize_when_*
        model_test.py::*::test_quantize_*
    """,
    "3-D windows: konv is for images and sequences": """
        average_pooling_test.py::*::test_average_pooling3d*
        conv_test.py::*::test_conv3d*
        conv_test.py::*::test_conv3d_*
        conv_test.py::*::test_conv_symbolic_invalid_configuration2
        conv_transpose_test.py::*::test_bad_init_args
        conv_transpose_test.py::*::test_conv3d_*
        conv_transpose_test.py::*::test_output_padding_serialization2
        global_average_pooling_test.py::*::test_global_average_pooling3d*
        global_max_pooling_test.py::*::test_global_max_pooling3d*
        max_pooling_test.py::*::test_max_pooling3d*
        spatial_dropout_test.py::*::test_spatial_dropout_3D_*
        spatial_dropout_test.py::*::test_spatial_dropout_3d
    """,
    "tf.data, grain and PyTorch: konv reads arrays, generators and its own datasets": """
        image_dataset_utils_test.py::*::test_static_shape_in_graph
        center_crop_test.py::*::test_center_crop_tf_*
        center_crop_test.py::*::test_tf_data_compatibility
        random_brightness_test.py::*::test_tf_data_compatibility
        random_contrast_test.py::*::test_tf_data_compatibility
        random_crop_test.py::*::test_tf_data_compatibility
        random_flip_test.py::*::test_random_flip_tf_*
        random_flip_test.py::*::test_tf_data_compatibility
        random_rotation_test.py::*::test_tf_data_compatibility
        random_translation_test.py::*::test_random_flip_tf_*
        random_translation_test.py::*::test_tf_data_compatibility
        random_zoom_test.py::*::test_random_flip_tf_*
        random_zoom_test.py::*::test_tf_data_compatibility
        rescaling_test.py::*::test_grain_compatibility
        rescaling_test.py::*::test_tf_data_compatibility
        resizing_test.py::*::test_grain_compatibility
        resizing_test.py::*::test_resize_tf_*
        resizing_test.py::*::test_tf_data_compatibility
    """,
    "bounding boxes: the layers take images alone": """
        center_crop_test.py::*::test_center_crop_bounding_*
        random_brightness_test.py::*::test_dict_input
        random_contrast_test.py::*::test_dict_input
        random_crop_test.py::*::test_dict_input
        random_flip_test.py::*::test_random_flip_bounding_*
        random_translation_test.py::*::test_random_flip_bounding_*
        random_zoom_test.py::*::test_random_flip_bounding_*
        resizing_test.py::*::test_resize_bounding_*
    """,
    "masks: konv has no sequences with steps that do not count": """
        lambda_layer_test.py::*::test_lambda_basics
        layer_test.py::*::test_end_to_end_masking
        layer_test.py::*::test_keras_mask_with_autocast
        layer_test.py::*::test_layer_build_with_attention_mask_arg
        layer_test.py::*::test_masking*
        batch_normalization_test.py::*::test_bachnorm_*
        batch_normalization_test.py::*::test_correctness*
        batch_normalization_test.py::*::test_input_fully_masked0
        batch_normalization_test.py::*::test_masked_broadcast_normalization
        flatten_test.py::*::test_flatten_dense
        global_average_pooling_test.py::*::test_global_average_pooling1d3
        global_average_pooling_test.py::GlobalAveragePoolingCorrectnessTest::test_global_average_pooling1d0
        global_average_pooling_test.py::GlobalAveragePoolingCorrectnessTest::test_global_average_pooling1d1
        global_average_pooling_test.py::GlobalAveragePoolingCorrectnessTest::test_global_average_pooling1d2
        loss_test.py::*::test_mask
        loss_test.py::*::test_mask_*
        loss_test.py::*::test_rank_*
        merging_test.py::*::test_add_with_mask
        merging_test.py::*::test_average_with_mask
        merging_test.py::*::test_concatenate_with_*
        merging_test.py::*::test_correctness_dynamic_add
        merging_test.py::*::test_correctness_dynamic_average
        merging_test.py::*::test_correctness_dynamic_concat
        merging_test.py::*::test_correctness_dynamic_dot_*
        merging_test.py::*::test_correctness_static_dot_*
        merging_test.py::*::test_correctness_dynamic_maximum
        merging_test.py::*::test_correctness_dynamic_minimum
        merging_test.py::*::test_correctness_dynamic_multiply
        merging_test.py::*::test_correctness_dynamic_subtract
        merging_test.py::*::test_correctness_static_add
        merging_test.py::*::test_correctness_static_average
        merging_test.py::*::test_correctness_static_concat
        merging_test.py::*::test_correctness_static_maximum
        merging_test.py::*::test_correctness_static_minimum
        merging_test.py::*::test_correctness_static_multiply
        merging_test.py::*::test_correctness_static_subtract
        merging_test.py::*::test_errors_*
        merging_test.py::*::test_maximum_with_mask
        merging_test.py::*::test_minimum_with_mask
        merging_test.py::*::test_multiply_with_mask
        merging_test.py::*::test_subtract_with_mask
        softmax_test.py::*::test_softmax_correctness_with_mask
        softmax_test.py::*::test_softmax_mask_broadcastable
        softmax_test.py::*::test_softmax_mask_broadcastable_fewer_dims
        softmax_test.py::*::test_softmax_masked_values_are_zero_including_fully_masked
    """,
    "types besides float32: the engine computes in it alone": """
        layer_test.py::*::test_add_weight_defaults
        layer_test.py::*::test_autocast*
        layer_test.py::*::test_dtype_policy_setter
        layer_test.py::*::test_mixed_precision
        layer_test.py::*::test_serialize_dtype
        saving_api_test.py::*_bfloat16
        saving_api_test.py::*_float16
        saving_api_test.py::*_float64
        saving_api_test.py::*_bfloat16_float32
        saving_api_test.py::*_float16_float32
        saving_api_test.py::*_float64_float32
        serialization_lib_test.py::*::test_builtin_layers
        batch_normalization_test.py::*::test_large_value_within_autocast_scope
        confusion_metrics_test.py::AUCTest::test_config
        correlation_metrics_test.py::*::test_pearson_config
        functional_test.py::*::test_dtype_standardization
        functional_test.py::*::test_functional_with_dtype_policy
        group_normalization_test.py::*::test_large_value_within_autocast_scope
        group_normalization_test.py::*::test_mixed_precision_large_input_no_nan
        hinge_metrics_test.py::*::test_config
        layer_normalization_test.py::*::test_large_value_within_autocast_scope
        loss_test.py::*::test_default_dtype
        loss_test.py::*::test_dtype_arg
        losses_test.py::*::test_dtype_*
        metric_test.py::*::test_default_dtype
        metric_test.py::*::test_dtype_arg
        probabilistic_metrics_test.py::BinaryCrossentropyTest::test_config
        probabilistic_metrics_test.py::CategoricalCrossentropyTest::test_config
        probabilistic_metrics_test.py::KLDivergenceTest::test_config
        probabilistic_metrics_test.py::SparseCategoricalCrossentropyTest::test_config
        regression_metrics_test.py::CosineSimilarityTest::test_config
        regression_metrics_test.py::LogCoshErrorTest::test_config
        regression_metrics_test.py::MeanAbsoluteErrorTest::test_config
        regression_metrics_test.py::MeanAbsolutePercentageErrorTest::test_config
        regression_metrics_test.py::MeanSquaredLogarithmicErrorTest::test_config
        regression_metrics_test.py::RootMeanSquaredErrorTest::test_config
        swap_ema_weights_test.py::*::test_swap_ema_weights_with_loss_scale_optimizer
        zero_padding1d_test.py::*::test_zero_padding_1d_get_*
        zero_padding2d_test.py::*::test_zero_padding_2d_get_*
    """,
    "renorm of BatchNormalization, which Keras 3 keeps for old models": """
        batch_normalization_test.py::*::test_renorm_basics
        batch_normalization_test.py::*::test_renorm_correctness
        batch_normalization_test.py::*::test_renorm_inference
        batch_normalization_test.py::*::test_renorm_stddev_initializer
        batch_normalization_test.py::*::test_serialization
    """,
    "layers and losses for text and sound: konv is for images": """
        legacy_h5_format_test.py::*::test_compiled_model_with_various_layers
        saving_lib_test.py::*::test_bidirectional_lstm_saving
        saving_lib_test.py::*::test_compile_overridden_warnings_sequential
        saving_lib_test.py::*::test_fresh_save_load_emits_no_container_skip_warning
        constant_initializers_test.py::*::test_stft_initializer
        functional_test.py::*::test_basic_flow_as_a_submodel
        random_initializers_test.py::*::test_mha_query_projection_variance
        sequential_test.py::*::test_basic_flow_as_a_submodel
        summary_utils_test.py::*::test_print_model_summary_with_mha
    """,
    "noise_shape with a fixed batch: the engine takes any number of samples": """
        dropout_test.py::*::test_dropout_partial_noise_shape_static
        dropout_test.py::*::test_validate_noise_shape_cast_to_a_tuple
        dropout_test.py::*::test_validate_noise_shape_integer_tuple
    """,
    "a helper inside Keras without a public name": """
        layer_test.py::*::test_call_context_args_*
        layer_test.py::*::test_compute_output_spec
        layer_test.py::*::test_context_arg*
        layer_test.py::*::test_register_call_context_arguments*
        layer_test.py::*::test_layer_variable_tracking_correct
        layer_test.py::*::test_remove_weight
        layer_test.py::*::test_tracker_locking
        layer_test.py::*::test_trainable_init_arg
        numerical_utils_test.py::*::test_build_pos_neg_masks
        object_registration_test.py::*::test_serialize_custom_class_with_*
        object_registration_test.py::*::test_serialize_custom_function
        saving_api_test.py::*::test_objects_to_skip_with_functional_subclass_attribute_layer
        saving_lib_test.py::SafeGetH5DatasetTest::test_rejects_*
        saving_lib_test.py::SafeZipReadTest::test_allows_*
        saving_lib_test.py::SafeZipReadTest::test_rejects_*
        saving_lib_test.py::SavingDiskIOStoreTest::*
        saving_lib_test.py::SavingNpzIOStoreTest::*
        saving_lib_test.py::*::test_h5_io_store_basics
        saving_lib_test.py::*::test_h5_io_store_exception_raised
        saving_lib_test.py::*::test_sharded_h5_io_store_*
        serialization_lib_test.py::*::test_shared_inner_layer
        serialization_lib_test.py::*::test_shared_object
        cloning_test.py::*::test_recursive
        cloning_test.py::*::test_recursive_multi_level
        confusion_metrics_test.py::*::test_config_manual_thresholds
        loss_test.py::*::test_squeeze_or_expand
        random_brightness_test.py::*::test_set_*
        random_contrast_test.py::*::test_random_*
        random_flip_test.py::*::test_random_flip_horizontal
        random_flip_test.py::*::test_random_flip_vertical
        sequential_test.py::*::test_basic_flow_deferred
        sequential_test.py::*::test_basic_flow_with_*
        sequential_test.py::*::test_legacy_flow_with_input_shape
    """,
    "the words of an error or a warning: konv's are its own": """
        saving_api_test.py::*::test_save_h5_format
        saving_lib_test.py::*::test_compile_overridden_warnings_subclassed
        input_layer_test.py::*::test_input_shape_deprecated
        iou_metrics_test.py::*::test_user_warning_float_weight
        model_checkpoint_test.py::*::test_model_checkpoint_options
        model_test.py::*::test_layers_setter
        regularizers_test.py::*::test_orthogonal_regularizer_input_rank_validation
        regularizers_test.py::*::test_orthogonal_regularizer_mode_validation
    """,
    "stateless calls, which JAX needs: konv keeps state in its objects": """
        metric_test.py::*::test_stateless_*
    """,
    "targets of another shape than the predictions: konv refuses what Keras stretches": """
        accuracy_metrics_test.py::*::test_reshape_matches
        optimizer_test.py::*::test_ema_with_model_fit
    """,
    "sums are kept in float64, where the test expects float32 to lose digits": """
        iou_metrics_test.py::*::test_big_chunk
    """,
    "variables overwritten by gradients: a part of training in float8": """
        optimizer_test.py::*::test_overwrite_*
    """,
    "configs in which Keras leaves out arguments: konv writes all": """
        losses_test.py::CosineSimilarityTest::test_config
        losses_test.py::HuberLossTest::test_config
    """,
    "optional inputs: every input of a model is given": """
        functional_test.py::*::test_optional_*
        model_test.py::*::test_functional_optional_*
    """,
    "sizes that are unknown when a model is made, or change from batch to batch": """
        cropping1d_test.py::*::test_cropping_1d_with_dynamic_spatial_dim
        cropping2d_test.py::*::test_cropping_2d_with_dynamic_spatial_dim
        reduction_metrics_test.py::*::test_weighted_dynamic_*
        repeat_vector_test.py::*::test_repeat_vector_with_dynamic_dimension
        reshape_test.py::*::test_reshape_model_fit_with_varying_input_size_and_minus_one
        reshape_test.py::*::test_reshape_sets_static_shape
        reshape_test.py::*::test_reshape_with_dynamic_dim_and_minus_one
    """,
    "single images as symbolic tensors: arrays of one image are taken, models take batches": """
        random_crop_test.py::*::test_random_crop
        random_flip_test.py::*::test_random_flip_random_*
        random_rotation_test.py::*::test_random_rotation_shapes_*
        random_translation_test.py::*::test_random_translation_random_*
        random_zoom_test.py::*::test_random_zoom_random_*
    """,
    "a file that holds the program of a Lambda: konv neither writes nor runs one": """
        lambda_layer_test.py::*::test_correctness
        lambda_layer_test.py::*::test_correctness_lambda_shape
        lambda_layer_test.py::*::test_from_config_fails_closed_without_safe_mode_scope
        legacy_h5_format_test.py::*::test_saving_lambda
        saving_lib_test.py::*::test_safe_mode
        serialization_lib_test.py::*::test_lambda_fn
        serialization_lib_test.py::*::test_lambda_layer
        serialization_lib_test.py::*::test_safe_mode_scope
        sequential_test.py::*::test_serialization_with_lambda_layer
    """,
    "keras.applications, InputSpec and seed generators, which konv does without": """
        layer_test.py::*::test_layer_tracking
        layer_test.py::*::test_rng_seed_tracking
        layer_test.py::*::test_stateless_call
        layer_test.py::*::test_trainable_setting
        saving_lib_test.py::*::test_weights_sharding_efficientnet_*
        serialization_lib_test.py::*::test_tensors_and_shapes
        functional_test.py::*::test_for_functional_in_sequential
        functional_test.py::*::test_manual_input_spec
        random_initializers_test.py::*::test_random_normal
        random_initializers_test.py::*::test_serialization_with_seed_generator
    """,
    "state trees, which JAX needs: konv keeps state in its objects": """
        model_test.py::*::test_get_*
        model_test.py::*::test_set_state_tree
    """,
    "layers whose Python runs at every batch, or that change variables in call: konv traces call once": """
        layer_test.py::*::test_training_arg_not_specified
        layer_test.py::*::test_training_arg_value_resolution
        backup_and_restore_test.py::*::test_backup_corrupted
        backup_and_restore_test.py::*::test_best_*
        backup_and_restore_test.py::*::test_model_deleted_case_epoch
        callback_test.py::*::test_model_state_is_current_on_epoch_end
        functional_test.py::*::test_training_arg
    """,
    "losses and metrics in nests of lists, tuples and dicts: konv takes one for each output, by place or by name": """
        model_test.py::*::test_functional_deeply_nested_outputs_struct_losses
        model_test.py::*::test_functional_list_outputs_invalid_nested_list_losses
        model_test.py::*::test_functional_struct_*
    """,
    "names in a loss or metric that no output has: konv raises a ValueError at compile()": """
        model_test.py::*::test_functional_dict_outputs_dict_losses_invalid_keys
        model_test.py::*::test_functional_dict_outputs_dict_metrics_invalid_keys
        model_test.py::*::test_functional_list_outputs_dict_losses_invalid_keys
        model_test.py::*::test_functional_list_outputs_dict_losses_no_output_names
        model_test.py::*::test_functional_list_outputs_dict_metrics_invalid_keys
    """,
    "sparse, ragged and input_tensor arguments of InputLayer": """
        input_layer_test.py::*::test_call_method
        input_layer_test.py::*::test_invalid_arg_combinations
        input_layer_test.py::*::testing_input_tensor
    """,
    "warnings for inputs in another nest than the model's: konv takes or refuses them": """
        cloning_test.py::*::test_structured_io_cloning
        functional_test.py::*::test_input_dict_with_extra_field
        functional_test.py::*::test_list_input_with_dict_build
        functional_test.py::*::test_named_input_dict_io
        functional_test.py::*::test_warning_for_mismatched_inputs_structure
    """,
    "a compute_loss of one's own: konv compiles the step as a whole": """
        model_test.py::*::test_functional_list_outputs_with_custom_compute_loss
    """,
    "means over the whole batch inside a model: samples are computed one by one": """
        layer_test.py::*::test_add_loss
        summary_utils_test.py::*::test_print_model_summary_op_as_layer
    """,
    "Sequential of layers of one's own that take or give several tensors: those make a functional model": """
        sequential_test.py::*::test_bad_layer
        sequential_test.py::*::test_dict_inputs
        sequential_test.py::*::test_list_inputs
        sequential_test.py::*::test_serialization
    """,
    "attributes of a Sequential that has no input yet: konv's are there, with an error that says so, or empty": """
        sequential_test.py::*::test_hasattr
    """,
    "a list of one input in a list: konv writes the input alone": """
        functional_test.py::*::test_restored_nested_input
    """,
    "the batch size of an array in the summary of a subclass: konv shows None": """
        summary_utils_test.py::*::test_print_model_summary_dict_output
    """,
    "messages through absl's logging: konv prints": """
        learning_rate_scheduler_test.py::*::test_verbose_logging
        reduce_lr_on_plateau_test.py::*::test_verbose_logging
    """,
    "rms_scaling of LayerNormalization, which Keras gives up": """
        layer_normalization_test.py::*::test_ln_basics
        layer_normalization_test.py::*::test_output_with_rms_scaling
    """,
    "Normalization, whose statistics come from adapt(): konv has Rescaling and BatchNormalization": """
        saving_lib_test.py::*::test_normalization_kpl
        saving_lib_test.py::*::test_normalization_legacy_h5_format
    """,
    "folders in place of .keras files, open files, and assets beside weights: konv reads and writes one file by its path": """
        legacy_h5_format_test.py::*::test_directory_creation_on_save
        saving_api_test.py::*::test_save_unzipped
        saving_lib_test.py::*::test_save_to_fileobj
        saving_lib_test.py::*::test_saving_custom_assets_and_variables
    """,
    "a file of Keras's repository that the wheel leaves out": """
        saving_lib_test.py::*::test_legacy_load_skips_missing_nested_containers
    """,
    "arrays without a batch: layers of konv take batches": """
        serialization_lib_test.py::*::test_custom_fn
        serialization_lib_test.py::*::test_custom_layer
        serialization_lib_test.py::*::test_functional_subclass
    """,
    "what konv writes or reads and Keras refuses, and half a file that Keras leaves behind where saving fails": """
        saving_lib_test.py::*::test_save_model_exception_raised_*
        serialization_lib_test.py::*::test_missing_name_for_sequential_model
    """,
    "the class of an error about a class of the user's: konv raises a FileError, which is a ValueError": """
        saving_lib_test.py::*::test_complex_model_without_explicit_deserialization
        saving_lib_test.py::*::test_custom_object_without_from_config
    """,
    "a property as another name of a layer: konv finds layers by the attributes that hold them": """
        saving_lib_test.py::*::test_redefinition_of_trackable
    """,
    "attributes that konv keeps: sublayers are the layers of a layer, optimizer is None before compile()": """
        legacy_h5_format_test.py::*::test_nested_layers
        legacy_h5_format_test.py::*::test_saving_include_optimizer_false
    """,
    "the order of batches: konv shuffles anew at each epoch, as with tf.data, unlike grain": """
        image_dataset_utils_test.py::*::test_image_dataset_from_directory_shuffle_grain
    """,
    "a bar in a file: where output is no terminal, konv prints finished lines alone": """
        progbar_test.py::*::test_stateful_stateless_output_*
    """,
    "recomputing activations (remat): konv plans the memory of a step itself": """
        layer_test.py::*::test_functional_model_with_remat
        layer_test.py::*::test_layer_with_remat
        layer_test.py::*::test_remat_*
        layer_test.py::*::test_rematerialized_call_none
    """,
    "metrics inside of layers, variables before super().__init__(), and several inputs that differ in kind": """
        layer_test.py::*::test_add_weight_string_as_first_positional_arg
        layer_test.py::*::test_build_on_call
        layer_test.py::*::test_build_signature_errors
        layer_test.py::*::test_custom_layer_add_weight_in_init_name
        layer_test.py::*::test_init_after_state_tracking
        layer_test.py::*::test_metric_tracking
        layer_test.py::*::test_positional_arg_error
    """,
}

# {pattern: reason}; a pattern begins with the file's name, whatever folder it is in
SKIPS = {f"*{test.strip()}": reason for reason, tests in _TESTS.items() for test in tests.splitlines()
         if test.strip()}
