"""What of Keras's tests konv does not mean to pass, by name and with the reason; `table.judge` keeps this list true."""

# a reason: the tests, as `file::class::test`, with * for anything
_TESTS = {
    "LoRA: konv trains whole kernels": """
        conv_test.py::*::test_enable_*
        conv_test.py::*::test_lora_*
        dense_test.py::*::test_enable_*
        dense_test.py::*::test_int4_block_size_with_*
        dense_test.py::*::test_lora_*
        dense_test.py::*::test_quantize_lora_*
    """,
    "quantization: konv computes in float32 alone": """
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
        cloning_test.py::*::test_recursive
        cloning_test.py::*::test_recursive_multi_level
        confusion_metrics_test.py::*::test_config_manual_thresholds
        early_stopping_test.py::*::test_early_stopping
        f_score_metrics_test.py::*::test_non_2d_input_shapes_raises_value_error
        f_score_metrics_test.py::*::test_undefined_output_dim_raises_value_error
        loss_test.py::*::test_squeeze_or_expand
        monitor_callback_test.py::*::test_monitor_op_logic
        random_brightness_test.py::*::test_set_*
        random_contrast_test.py::*::test_random_*
        random_flip_test.py::*::test_random_flip_horizontal
        random_flip_test.py::*::test_random_flip_vertical
        regularizers_test.py::ValidateFloatArgTest::*
        sequential_test.py::*::test_basic_flow_deferred
        sequential_test.py::*::test_basic_flow_with_*
        sequential_test.py::*::test_legacy_flow_with_input_shape
    """,
    "the words of an error or a warning: konv's are its own": """
        functional_test.py::*::test_layers_setter
        input_layer_test.py::*::test_input_shape_deprecated
        iou_metrics_test.py::*::test_user_warning_float_weight
        learning_rate_scheduler_test.py::*::test_throws_when_optimizer_has_schedule
        model_checkpoint_test.py::*::test_model_checkpoint_options
        model_test.py::*::test_layers_setter
        reduce_lr_on_plateau_test.py::*::test_throws_when_optimizer_has_schedule
        regularizers_test.py::*::test_orthogonal_regularizer_input_rank_validation
        regularizers_test.py::*::test_orthogonal_regularizer_mode_validation
        sequential_test.py::*::test_layers_setter
        terminate_on_nan_test.py::*::test_terminate_on_nan_raise_error_raises_error
    """,
    "the class of an error: konv raises a ValueError": """
        layer_normalization_test.py::*::test_invalid_axis
        repeat_vector_test.py::*::test_repeat_vector_with_invalid_n
        up_sampling1d_test.py::*::test_upsampling_1d_with_invalid_size
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
        center_crop_test.py::*::test_dynamic_spatial_dims
        cropping1d_test.py::*::test_cropping_1d_with_dynamic_spatial_dim
        cropping2d_test.py::*::test_cropping_2d_with_dynamic_spatial_dim
        flatten_test.py::*::test_flatten_with_dynamic_batch_size_and_dynamic_dimenstions
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
        sequential_test.py::*::test_serialization_with_lambda_layer
    """,
    "keras.applications, InputSpec and seed generators, which konv does without": """
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
        backup_and_restore_test.py::*::test_backup_corrupted
        backup_and_restore_test.py::*::test_best_*
        callback_test.py::*::test_model_state_is_current_on_epoch_end
        functional_test.py::*::test_training_arg
    """,
    "losses and metrics in nests of lists, tuples and dicts: konv takes one for each output, by place or by name": """
        model_test.py::*::test_functional_deeply_nested_outputs_struct_losses
        model_test.py::*::test_functional_dict_outputs_dict_losses
        model_test.py::*::test_functional_dict_outputs_dict_losses_with_undefined_loss
        model_test.py::*::test_functional_list_outputs_invalid_nested_list_losses
        model_test.py::*::test_functional_list_outputs_nested_list_losses
        model_test.py::*::test_functional_single_output_single_dict_output_4
        model_test.py::*::test_functional_single_output_single_list_output_4
        model_test.py::*::test_functional_single_output_single_output_4
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
        input_layer_test.py::*::test_input_basic_dense
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
}

# {pattern: reason}; a pattern begins with the file's name, whatever folder it is in
SKIPS = {f"*{test.strip()}": reason for reason, tests in _TESTS.items() for test in tests.splitlines()
         if test.strip()}
