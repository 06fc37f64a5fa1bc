"""The test files of Keras that are run, as they lie below keras/src."""

FILES = tuple(f"{folder}/{name}_test.py" for folder, names in {
    "activations": "activations",
    "callbacks": """callback csv_logger early_stopping lambda_callback learning_rate_scheduler model_checkpoint
        monitor_callback reduce_lr_on_plateau swap_ema_weights terminate_on_nan backup_and_restore""",
    "constraints": "constraints",
    "initializers": "constant_initializers initializer random_initializers",
    "layers": "layer",
    "layers/activations": "activation elu leaky_relu prelu relu softmax",
    "layers/convolutional": "conv conv_transpose depthwise_conv separable_conv",
    "layers/core": "dense identity input_layer lambda_layer",
    "layers/merging": "merging",
    "layers/normalization": "batch_normalization group_normalization layer_normalization",
    "layers/pooling": "average_pooling global_average_pooling global_max_pooling max_pooling",
    "layers/preprocessing": "rescaling",
    "layers/preprocessing/image_preprocessing": """center_crop random_brightness random_contrast random_crop random_flip
        random_rotation random_translation random_zoom resizing""",
    "layers/regularization": "activity_regularization dropout gaussian_dropout gaussian_noise spatial_dropout",
    "layers/reshaping": """cropping1d cropping2d flatten permute repeat_vector reshape up_sampling1d up_sampling2d
        zero_padding1d zero_padding2d""",
    "legacy/saving": "legacy_h5_format",
    "losses": "loss losses",
    "metrics": """accuracy_metrics confusion_metrics correlation_metrics f_score_metrics hinge_metrics iou_metrics metric
        probabilistic_metrics reduction_metrics regression_metrics""",
    "models": "cloning functional model sequential",
    "optimizers": "adadelta adafactor adagrad adam adamax adamw ftrl lamb lion nadam optimizer rmsprop sgd",
    "optimizers/schedules": "learning_rate_schedule",
    "regularizers": "regularizers",
    "saving": "object_registration saving_api saving_lib serialization_lib",
    "utils": "image_dataset_utils image_utils numerical_utils progbar summary_utils",
}.items() for name in names.split())
