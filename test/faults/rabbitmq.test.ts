import { describeFaults } from './suite.js';

describeFaults('rabbitmq');
